package netconf

import (
	"errors"
	"fmt"
	"net/netip"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// setStatic gives the interface the plan's addresses and default routes, again if it has them. All other IPv4 addresses go if the plan
// has one.
func (k kernel) setStatic(link Link, plan Plan, rank int) error {
	l, err := netlink.LinkByIndex(link.Index)
	if err != nil {
		return fmt.Errorf("%s: %w", link.Name, err)
	}
	var errs []error
	for _, a := range plan.Addresses {
		if err := netlink.AddrReplace(l, &netlink.Addr{IPNet: ipNet(a)}); err != nil {
			errs = append(errs, fmt.Errorf("%s: address %v: %w", link.Name, a, err))
		}
	}
	if plan.fixedIPv4() {
		errs = append(errs, k.removeAddresses(l, plan.Addresses...))
	}
	for _, gateway := range plan.Gateways {
		to := netip.PrefixFrom(netip.IPv4Unspecified(), 0)
		if gateway.Is6() {
			to = netip.PrefixFrom(netip.IPv6Unspecified(), 0)
		}
		route := &netlink.Route{LinkIndex: link.Index, Dst: ipNet(to), Gw: gateway.AsSlice(), Protocol: unix.RTPROT_STATIC, Priority: rank}
		if err := netlink.RouteReplace(route); err != nil {
			errs = append(errs, fmt.Errorf("%s: route by %v: %w", link.Name, gateway, err))
		}
	}
	return errors.Join(errs...)
}
