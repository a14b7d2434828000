package netconf

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/vishvananda/netlink"
)

// sysctl is a setting below proc/sys/net/.
type sysctl struct{ path, value string }

// sysctls are the interface's settings.
func sysctls(p planned) []sysctl {
	v4, v6 := "ipv4/conf/"+p.link.Name+"/", "ipv6/conf/"+p.link.Name+"/"
	ra, none := "0", "0"
	switch p.plan.IPv6 {
	case Auto:
		ra = "1"
	case NoIPv6:
		none = "1"
	}
	return []sysctl{
		{v4 + "arp_notify", "1"}, // tell the neighbours when the address comes
		{v4 + "accept_source_route", "0"},
		{v4 + "accept_redirects", "0"},
		{v4 + "ignore_routes_with_linkdown", "1"}, // another interface may have a way
		{v6 + "ignore_routes_with_linkdown", "1"},
		{v6 + "disable_ipv6", none},
		{v6 + "accept_ra", ra}, // addresses by SLAAC, from the kernel itself
		{v6 + "autoconf", ra},
		{v6 + "ra_defrtr_metric", strconv.Itoa(p.rank)},
		{v6 + "addr_gen_mode", "0"}, // from the hardware address: the same after each boot
		{v6 + "use_tempaddr", "0"},
		{v6 + "accept_redirects", "0"},
	}
}

// up sets the interface up, after its settings.
func (k kernel) up(p planned) error {
	var errs []error
	for _, s := range sysctls(p) {
		err := os.WriteFile(filepath.Join(k.proc, "sys/net", s.path), []byte(s.value), 0)
		if err != nil && !errors.Is(err, os.ErrNotExist) { // a kernel without IPv6 has not all of them
			errs = append(errs, err)
		}
	}
	l, err := netlink.LinkByIndex(p.link.Index)
	if err == nil {
		err = netlink.LinkSetUp(l)
	}
	if err != nil {
		errs = append(errs, fmt.Errorf("%s: %w", p.link.Name, err))
	}
	return errors.Join(errs...)
}
