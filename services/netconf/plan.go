package netconf

import (
	"net/netip"
	"slices"
)

// Plan is what an interface is to be.
type Plan struct {
	Name      string // "": every wired interface that no other plan names
	DHCP      bool   // IPv4 by DHCP; Addresses then hold none of IPv4
	IPv6      IPv6
	Addresses []netip.Prefix
	Gateways  []netip.Addr // at most one of each IP version
}

// IPv6 says where IPv6 addresses come from, besides those of the plan.
type IPv6 uint8

const (
	Auto   IPv6 = iota // router advertisements
	Static             // nowhere else
	NoIPv6             // nor does the interface have a link-local one
)

// off tells that the interface is left alone.
func (p Plan) off() bool { return !p.DHCP && len(p.Addresses) == 0 && p.IPv6 == NoIPv6 }

// patient tells that an address is to be waited for. The others are there at once, or may never come.
func (p Plan) patient() bool { return p.DHCP || len(p.Addresses) > 0 }

// fixedIPv4 tells whether the plan has an IPv4 address.
func (p Plan) fixedIPv4() bool {
	return slices.ContainsFunc(p.Addresses, func(a netip.Prefix) bool { return a.Addr().Is4() })
}

// planFor finds the plan of an interface. Its rank orders interfaces by preference, the best one first; routes have it as their metric.
func planFor(plans []Plan, link Link, wired bool) (plan Plan, rank int, ok bool) {
	const step = 1000 // more than there are interfaces
	named := slices.IndexFunc(plans, func(p Plan) bool { return p.Name == link.Name })
	anyWired := slices.IndexFunc(plans, func(p Plan) bool { return p.Name == "" })
	i := named
	if named < 0 && wired {
		i = anyWired
	}
	if i < 0 || plans[i].off() {
		return Plan{}, 0, false
	}
	return plans[i], step*(i+1) + min(link.Index, step-1), true
}
