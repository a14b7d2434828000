package main

import (
	"github.com/upscard/upscard/services/config"
	"github.com/upscard/upscard/services/netconf"
)

// plans are what the owner wants of the interfaces. With only, it is that one, by DHCP.
func plans(n config.Network, only string) (all []netconf.Plan) {
	if only != "" {
		return []netconf.Plan{{Name: only, DHCP: true}}
	}
	for _, i := range n.WithDefaults().Interfaces {
		p := netconf.Plan{Name: i.Name, DHCP: i.Method == config.DHCP, Addresses: i.Address, Gateways: i.Gateway,
			IPv6: map[string]netconf.IPv6{config.Auto: netconf.Auto, config.Static: netconf.Static, config.Off: netconf.NoIPv6}[i.IPv6]}
		if i.Name == config.AnyWired {
			p.Name = ""
		}
		all = append(all, p)
	}
	return all
}
