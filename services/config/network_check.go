package config

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
)

// checkInterface checks an entry that is complete.
func checkInterface(i Interface) error {
	v4, v6 := i.has(true), i.has(false)
	switch {
	case i.Name == AnyWired && len(i.Address) > 0:
		return keyError{"address", errors.New(`all wired interfaces cannot have the same address: name one, as [network.interfaces.eth0]`)}
	case i.Method == Static && !v4:
		return keyError{"method", errors.New(`"static" needs an IPv4 address, as address = "192.168.1.5/24"`)}
	case i.Method != Static && v4:
		return keyError{"address", fmt.Errorf("an IPv4 address is given, but method is %q", i.Method)}
	case i.IPv6 == Static && !v6:
		return keyError{"ipv6", errors.New(`"static" needs an IPv6 address, as address = "2001:db8::5/64"`)}
	case i.IPv6 == Off && v6:
		return keyError{"address", errors.New(`an IPv6 address is given, but ipv6 is "off"`)}
	}
	for n, gateway := range i.Gateway {
		if err := i.checkGateway(gateway, i.Gateway[:n]); err != nil {
			return keyError{"gateway", err}
		}
	}
	return nil
}

func (i Interface) checkGateway(gateway netip.Addr, before []netip.Addr) error {
	sameVersion := func(a netip.Addr) bool { return a.Is4() == gateway.Is4() }
	switch {
	case slices.ContainsFunc(before, sameVersion):
		return fmt.Errorf("%s: there is one of its IP version already", gateway)
	case gateway.Is4() && i.Method != Static:
		return fmt.Errorf(`%s: an IPv4 gateway goes with method = "static"`, gateway)
	case gateway.Is6() && i.IPv6 == Off:
		return fmt.Errorf(`%s: ipv6 is "off"`, gateway)
	case gateway.Is6() && gateway.IsLinkLocalUnicast():
		return nil // on any link
	}
	inside := false
	for _, p := range i.Address {
		if p.Addr() == gateway {
			return fmt.Errorf("%s is the interface's own address", gateway)
		}
		if p.Contains(gateway) {
			inside = true
			if err := checkHost(netip.PrefixFrom(gateway, p.Bits())); err != nil {
				return err
			}
		}
	}
	if !inside {
		return fmt.Errorf("%s is outside of the interface's networks", gateway)
	}
	return nil
}

// checkHost tells why a host cannot have the address in its network.
func checkHost(p netip.Prefix) error {
	a := p.Addr()
	switch {
	case a.Is4In6(), a.IsUnspecified(), a.IsMulticast(), a.IsLoopback(), a == netip.AddrFrom4([4]byte{255, 255, 255, 255}):
		return fmt.Errorf("no host can have the address %s", a)
	case p.Bits() == 0:
		return fmt.Errorf("%s leaves no network outside of it", p)
	case a.Is4() && p.Bits() < 31 && a == p.Masked().Addr():
		return fmt.Errorf("%s is the network itself: give the address of the card in it", p)
	case a.Is4() && p.Bits() < 31 && a == broadcast(p):
		return fmt.Errorf("%s is the network's broadcast address", p)
	}
	return nil
}

// broadcast is the last address of an IPv4 network.
func broadcast(p netip.Prefix) netip.Addr {
	bytes := p.Addr().As4()
	for bit := p.Bits(); bit < 32; bit++ {
		bytes[bit/8] |= 0x80 >> (bit % 8)
	}
	return netip.AddrFrom4(bytes)
}

// checkInterfaces tells which address was given to two interfaces.
func checkInterfaces(r *report, list []entry[Interface]) {
	owner := make(map[netip.Addr]string)
	for _, e := range list {
		for _, p := range e.item.Address {
			if other, taken := owner[p.Addr()]; taken && other != e.key.name {
				r.addf(e.places["address"], "address: %s is given to %s already", p.Addr(), other)
			}
			owner[p.Addr()] = e.key.name
		}
	}
}
