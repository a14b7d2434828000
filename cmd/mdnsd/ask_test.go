package main

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/miekg/dns"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// asker is a socket on the switch itself.
type asker struct {
	t    *testing.T
	conn *net.UDPConn
}

// ask opens a socket; port 0 is any.
func (n *network) ask(addr netip.AddrPort) asker {
	n.t.Helper()
	lc := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
		return c.Control(func(fd uintptr) {
			_ = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEADDR, 1)
			_ = unix.BindToDevice(int(fd), "switch")
		})
	}}
	conn, err := lc.ListenPacket(context.Background(), "udp", addr.String())
	check(n.t, err)
	n.t.Cleanup(func() { conn.Close() })
	return asker{n.t, conn.(*net.UDPConn)}
}

// send sends a query and returns the answer that comes to this socket, nil if none does.
func (a asker) send(to string, m *dns.Msg, wait time.Duration) *dns.Msg {
	a.t.Helper()
	data, err := m.Pack()
	check(a.t, err)
	a.write(to, data)
	check(a.t, a.conn.SetReadDeadline(time.Now().Add(wait)))
	buf := make([]byte, 9000)
	n, from, err := a.conn.ReadFromUDPAddrPort(buf)
	if err != nil {
		return nil
	}
	if from.Port() != 5353 {
		a.t.Errorf("answered from %v", from)
	}
	var got dns.Msg
	check(a.t, got.Unpack(buf[:n]))
	return &got
}

func (a asker) write(to string, data []byte) {
	a.t.Helper()
	_, err := a.conn.WriteToUDPAddrPort(data, netip.MustParseAddrPort(to))
	check(a.t, err)
}

// until asks until there is an answer.
func (a asker) until(to string, m *dns.Msg) *dns.Msg {
	a.t.Helper()
	for limit := time.Now().Add(patience); time.Now().Before(limit); {
		if got := a.send(to, m, time.Second); got != nil {
			return got
		}
	}
	a.t.Fatalf("no answer to %v from %s", m.Question, to)
	return nil
}

// The kinds of questions that Debian's programs do not ask, over real sockets: with the wish for a unicast answer, from any port, and to the card's own
// address. After packets that no one should send the card goes on answering.
func TestAsked(t *testing.T) {
	n := newNetwork(t)
	check(t, netlink.AddrAdd(n.bridge, newAddr("192.0.2.99/24")))
	check(t, netlink.AddrAdd(n.bridge, newAddr("fe80::99/64")))
	c := n.card("card")
	c.addr("192.0.2.2/24")
	c.addr("fe80::2/64")
	c.run("upscard")

	const group4, group6, own4, own6 = "224.0.0.251:5353", "[ff02::fb]:5353", "192.0.2.2:5353", "[fe80::2]:5353"
	query := func(kind uint16, class uint16) *dns.Msg {
		return &dns.Msg{Question: []dns.Question{{Name: "upscard.local.", Qtype: kind, Qclass: class}}}
	}
	v4, v6 := netip.MustParseAddr("192.0.2.99"), netip.MustParseAddr("fe80::99").WithZone("switch")
	for name, from := range map[string]netip.Addr{"IPv4": v4, "IPv6": v6} {
		group, own := group4, own4
		if from.Is6() {
			group, own = group6, own6
		}
		responder, resolver := n.ask(netip.AddrPortFrom(from, 5353)), n.ask(netip.AddrPortFrom(from, 0))
		ask := query(dns.TypeA, dns.ClassINET|1<<15)
		for _, to := range []string{group, own} {
			got := responder.until(to, ask)
			if got.Id != 0 || !got.Authoritative || len(got.Question) != 0 || len(got.Answer) != 1 || got.Answer[0].Header().Class != dns.ClassINET|1<<15 ||
				got.Answer[0].(*dns.A).A.String() != "192.0.2.2" {
				t.Errorf("%s, by unicast, from %s: %v", name, to, got)
			}
			plain := query(dns.TypeA, dns.ClassINET)
			plain.Id, plain.RecursionDesired = 4711, true
			got = resolver.until(to, plain)
			if got.Id != 4711 || len(got.Question) != 1 || len(got.Answer) != 1 || got.Answer[0].Header().Ttl != 10 || got.Answer[0].Header().Class != dns.ClassINET {
				t.Errorf("%s, as of a name server, from %s: %v", name, to, got)
			}
		}
		for _, data := range [][]byte{nil, {0}, make([]byte, 12), make([]byte, 9000), make([]byte, 65000), slices.Repeat([]byte{0xc0, 12}, 4000)} {
			for range 20 {
				responder.write(group, data)
				resolver.write(own, data)
			}
		}
		if got := responder.until(group, ask); len(got.Answer) != 1 {
			t.Errorf("%s, after nonsense: %v", name, got)
		}
	}

	// Who is not on the link is not answered: not even who only says so.
	check(t, netlink.AddrAdd(n.bridge, newAddr("203.0.113.9/24")))
	check(t, netlink.RouteAdd(&netlink.Route{LinkIndex: n.bridge.Index, Dst: newAddr("192.0.2.2/32").IPNet, Scope: netlink.SCOPE_LINK}))
	eth, err := c.links.LinkByName("eth0")
	check(t, err)
	check(t, c.links.RouteAdd(&netlink.Route{LinkIndex: eth.Attrs().Index, Dst: newAddr("203.0.113.0/24").IPNet, Scope: netlink.SCOPE_LINK})) // it could answer
	for _, port := range []uint16{0, 5353} {
		far := n.ask(netip.AddrPortFrom(netip.MustParseAddr("203.0.113.9"), port))
		for _, to := range []string{own4, group4} {
			if got := far.send(to, query(dns.TypeA, dns.ClassINET|1<<15), 500*time.Millisecond); got != nil {
				t.Errorf("from elsewhere: %v", got)
			}
		}
	}
	c.proc.stop()
}
