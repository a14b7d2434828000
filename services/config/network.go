package config

import (
	"net/netip"
	"slices"
)

// Network is [network].
type Network struct {
	Hostname   string       // "" where not given
	DNS        []netip.Addr // asked before those that DHCP names
	NTP        []string     // names or addresses of time servers
	Interfaces []Interface  // in the order of the file, which is that of preference
}

// Interface is one [network.interfaces.NAME].
type Interface struct {
	Name    string // as the kernel calls it, or AnyWired
	Method  string // of IPv4: "dhcp", "static" or "off"
	IPv6    string // "auto" (router advertisements, besides the addresses given), "static" or "off"
	Address []netip.Prefix
	Gateway []netip.Addr // at most one of each IP version
}

// AnyWired is the name of the entry for every wired interface that has none of its own.
const AnyWired = "*"

// Values of Method and IPv6.
const (
	DHCP   = "dhcp"
	Auto   = "auto"
	Static = "static"
	Off    = "off"
)

// WithDefaults is the network with an entry for AnyWired, which is last.
func (n Network) WithDefaults() Network {
	isAny := func(i Interface) bool { return i.Name == AnyWired }
	list := slices.Clone(n.Interfaces)
	last := Interface{Name: AnyWired, Method: DHCP, IPv6: Auto}
	if i := slices.IndexFunc(list, isAny); i >= 0 {
		last = list[i]
		list = slices.Delete(list, i, i+1)
	}
	n.Interfaces = append(list, last)
	return n
}

// complete fills in what was not given.
func (i *Interface) complete() {
	if i.Method == "" {
		i.Method = DHCP
		if i.has(true) {
			i.Method = Static
		}
	}
	if i.IPv6 == "" {
		i.IPv6 = Auto
	}
}

// has tells whether an address of IPv4, else of IPv6, was given.
func (i *Interface) has(ipv4 bool) bool {
	return slices.ContainsFunc(i.Address, func(p netip.Prefix) bool { return p.Addr().Is4() == ipv4 })
}
