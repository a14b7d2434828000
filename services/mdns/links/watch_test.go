package links

import (
	"net"
	"net/netip"
	"testing"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/upscard/upscard/services/mdns"
)

func TestUsable(t *testing.T) {
	for _, c := range []struct {
		prefix string
		flags  int
		want   bool
	}{
		{"192.0.2.2/24", unix.IFA_F_PERMANENT, true},
		{"192.0.2.2/24", unix.IFA_F_SECONDARY, true}, // the same bit as the next
		{"2001:db8::2/64", unix.IFA_F_TEMPORARY, false},
		{"2001:db8::2/64", 0, true},
		{"fe80::2/64", unix.IFA_F_PERMANENT, true},
		{"fe80::2/64", unix.IFA_F_TENTATIVE, false},
		{"fe80::2/64", unix.IFA_F_TENTATIVE | unix.IFA_F_OPTIMISTIC, false},
		{"fe80::2/64", unix.IFA_F_DADFAILED, false},
		{"192.0.2.2/24", unix.IFA_F_DEPRECATED, false},
	} {
		want := netip.MustParsePrefix(c.prefix)
		ip, ipNet, err := net.ParseCIDR(c.prefix)
		if err != nil {
			t.Fatal(err)
		}
		ipNet.IP = ip
		got, ok := usable(netlink.Addr{IPNet: ipNet, Flags: c.flags})
		if ok != c.want || ok && got != want {
			t.Errorf("%s with flags %#x: %v, %v", c.prefix, c.flags, got, ok)
		}
	}
	if _, ok := usable(netlink.Addr{}); ok {
		t.Error("no address is one")
	}
}

func TestConnected(t *testing.T) {
	const up = unix.IFF_UP | unix.IFF_LOWER_UP | unix.IFF_MULTICAST
	for flags, want := range map[uint32]bool{
		up: true, up | unix.IFF_BROADCAST: true, 0: false, unix.IFF_UP | unix.IFF_MULTICAST: false, unix.IFF_UP | unix.IFF_LOWER_UP: false,
		up | unix.IFF_LOOPBACK: false, up | unix.IFF_POINTOPOINT: false,
	} {
		if got := connected(&netlink.LinkAttrs{RawFlags: flags}); got != want {
			t.Errorf("flags %#x: %v", flags, got)
		}
	}
}

func TestSame(t *testing.T) {
	addrs := func(list ...string) (all []netip.Prefix) {
		for _, a := range list {
			all = append(all, netip.MustParsePrefix(a))
		}
		return all
	}
	a := mdns.Interface{Index: 1, Name: "eth0", MTU: 1500, Addrs: addrs("192.0.2.2/24")}
	for name, change := range map[string]func(*mdns.Interface){
		"index": func(i *mdns.Interface) { i.Index++ }, "name": func(i *mdns.Interface) { i.Name = "x" }, "MTU": func(i *mdns.Interface) { i.MTU-- },
		"generation": func(i *mdns.Interface) { i.Generation++ }, "addresses": func(i *mdns.Interface) { i.Addrs = addrs("192.0.2.3/24") },
		"number of addresses": func(i *mdns.Interface) { i.Addrs = nil },
	} {
		b := a
		change(&b)
		if !same(a, a) || same(a, b) {
			t.Errorf("another %s is not seen", name)
		}
	}
}
