package netconf

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// kernel sets addresses and routes of an interface.
type kernel struct {
	proc string // where proc is mounted
}

// setAddress gives the interface the lease's address, until it expires even if nobody is left to take it away. All other IPv4 addresses go.
func (k kernel) setAddress(link Link, lease Lease, now time.Time) error {
	l, err := netlink.LinkByIndex(link.Index)
	if err != nil {
		return fmt.Errorf("%s: %w", link.Name, err)
	}
	left := int(min(lease.Expiry().Sub(now)/time.Second+1, 1<<31-1))
	addr := &netlink.Addr{IPNet: ipNet(lease.Address), ValidLft: left, PreferedLft: left}
	if err := netlink.AddrReplace(l, addr); err != nil {
		return fmt.Errorf("%s: address %v: %w", link.Name, lease.Address, err)
	}
	return k.removeAddresses(l, lease.Address)
}

// setRoutes gives the interface the lease's routes. All other ones of DHCP go.
func (k kernel) setRoutes(link Link, lease Lease, rank int) error {
	l, err := netlink.LinkByIndex(link.Index)
	if err != nil {
		return fmt.Errorf("%s: %w", link.Name, err)
	}
	var errs []error
	wanted := make(map[string]bool)
	for _, r := range ordered(lease.Routes) {
		route := netlinkRoute(l, r, lease.Address.Addr(), rank)
		wanted[routeKey(*route)] = true
		if err := netlink.RouteReplace(route); err != nil {
			errs = append(errs, fmt.Errorf("%s: route to %v: %w", link.Name, r.To, err))
		}
	}
	return errors.Join(append(errs, k.removeRoutes(l, wanted))...)
}

// clear takes all IPv4 addresses and routes of DHCP from the interface.
func (k kernel) clear(link Link) error {
	l, err := netlink.LinkByIndex(link.Index)
	if errors.As(err, &netlink.LinkNotFoundError{}) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("%s: %w", link.Name, err)
	}
	return errors.Join(k.removeRoutes(l, nil), k.removeAddresses(l))
}

// removeAddresses takes all IPv4 addresses from the interface but some.
func (kernel) removeAddresses(l netlink.Link, keep ...netip.Prefix) error {
	addrs, err := netlink.AddrList(l, netlink.FAMILY_V4)
	errs := []error{err}
	for _, a := range addrs {
		if slices.ContainsFunc(keep, func(p netip.Prefix) bool { return a.IPNet.String() == ipNet(p).String() }) {
			continue
		}
		errs = append(errs, netlink.AddrDel(l, &a))
	}
	return errors.Join(errs...)
}

func (kernel) removeRoutes(l netlink.Link, keep map[string]bool) error {
	routes, err := netlink.RouteList(l, netlink.FAMILY_V4)
	errs := []error{err}
	for _, r := range routes {
		if r.Protocol == unix.RTPROT_DHCP && !keep[routeKey(r)] {
			errs = append(errs, netlink.RouteDel(&r))
		}
	}
	return errors.Join(errs...)
}

// ordered puts routes to the link first: gateways of others may be behind them.
func ordered(routes []Route) (out []Route) {
	for _, direct := range []bool{true, false} {
		for _, r := range routes {
			if r.Gateway.IsValid() != direct {
				out = append(out, r)
			}
		}
	}
	return out
}

func netlinkRoute(l netlink.Link, r Route, source netip.Addr, rank int) *netlink.Route {
	route := &netlink.Route{LinkIndex: l.Attrs().Index, Dst: ipNet(r.To), Src: source.AsSlice(), Protocol: unix.RTPROT_DHCP, Priority: rank}
	if r.Gateway.IsValid() {
		route.Gw = r.Gateway.AsSlice()
		route.Flags = int(netlink.FLAG_ONLINK) // some networks hand out a gateway outside of the subnet
	} else {
		route.Scope = netlink.SCOPE_LINK
	}
	return route
}

func routeKey(r netlink.Route) string {
	to := "0.0.0.0/0"
	if r.Dst != nil {
		to = r.Dst.String()
	}
	return fmt.Sprint(to, " via ", r.Gw, " metric ", r.Priority)
}

func ipNet(p netip.Prefix) *net.IPNet {
	return &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}
}
