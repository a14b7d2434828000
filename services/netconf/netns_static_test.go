package netconf

import (
	"net"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
)

// With two interfaces the way out is by the first one that has a cable, for both IP versions, however often it is pulled.
func TestStaticAddressesInANamespace(t *testing.T) {
	needRoot(t)
	enterNamespace(t)
	n := &network{dir: t.TempDir()}
	n.cable = newCable(t, "lan0", "card0", net.IPv4(10, 77, 0, 1))
	newCable(t, "lan1", "card1", net.IPv4(10, 78, 0, 1))
	n.start(t, "static", "card0", "card1")

	n.awaitWay(t, "192.0.2.1", "10.77.0.1 from 10.77.0.5")
	n.awaitWay(t, "2001:db8::1", "fd77::1 from fd77::5")
	for range 2 {
		check(t, netlink.LinkSetDown(n.cable))
		n.awaitWay(t, "192.0.2.1", "10.78.0.1 from 10.78.0.5")
		n.awaitWay(t, "2001:db8::1", "fd78::1 from fd78::5")
		check(t, netlink.LinkSetUp(n.cable))
		n.awaitWay(t, "192.0.2.1", "10.77.0.1 from 10.77.0.5")
		n.awaitWay(t, "2001:db8::1", "fd77::1 from fd77::5")
	}
}

// awaitWay waits until the client's way to an address is by a gateway, from an address of its own.
func (n *network) awaitWay(t *testing.T, to, want string) {
	t.Helper()
	limit := time.Now().Add(15 * time.Second)
	for {
		got := "no way"
		routes, err := n.client.RouteGet(net.ParseIP(to))
		if err == nil && len(routes) > 0 {
			got = routes[0].Gw.String() + " from " + routes[0].Src.String()
		}
		if got == want {
			return
		}
		if time.Now().After(limit) {
			t.Fatalf("the way to %s is by %s (%v), want %s", to, got, err, want)
		}
		time.Sleep(10 * time.Millisecond)
	}
}
