package e2e

import (
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
	"github.com/vishvananda/netlink"
	"golang.org/x/net/ipv4"

	"github.com/upscard/upscard/tools/card"
)

// The booted card is found by multicast DNS on its second interface, whose other end is ours: by its name and by its service, with the UPS that is
// plugged in. When it ends it takes all of it back, as it does at once with what a program served that dies.
func TestFoundByMulticast(t *testing.T) {
	need(t, card.Available())
	if !inOwnNetwork(t) {
		return
	}
	wire := newWire(t)
	m := bootReady(t, setup{tap: wire.iface.Name, config: `
[network]
hostname = "cellar"
[network.interfaces.eth1]
address = "10.77.0.2/24"
`})
	host := wire.await("cellar.local.", dns.TypeA)
	if a, ok := host.(*dns.A); !ok || a.A.String() != "10.77.0.2" {
		t.Errorf("the card is %v", host)
	}
	if p, ok := wire.await("_nut._tcp.local.", dns.TypePTR).(*dns.PTR); !ok || p.Ptr != "cellar._nut._tcp.local." {
		t.Errorf("its service is %v", p)
	}
	if s, ok := wire.await("cellar._nut._tcp.local.", dns.TypeSRV).(*dns.SRV); !ok || s.Port != 3493 || s.Target != "cellar.local." {
		t.Errorf("it is reached by %v", s)
	}
	var txt []string
	for !slices.Contains(txt, "device_list=ups") || !strings.Contains(strings.Join(txt, "\n"), "model.ups=") {
		txt = wire.await("cellar._nut._tcp.local.", dns.TypeTXT).(*dns.TXT).Txt
	}
	t.Logf("it says of itself %q", txt)

	const apcupsd = "cellar\\ ups._apcupsd._tcp.local."
	if s, ok := wire.await(apcupsd, dns.TypeSRV).(*dns.SRV); !ok || s.Port != 3551 {
		t.Errorf("apcupsd's clients reach it by %v", s)
	}
	m.shell("kill -9 " + m.pid("nisd"))
	wire.hear(takenBack(apcupsd, dns.TypeSRV))

	m.restart("poweroff")
	wire.hear(takenBack("cellar.local.", dns.TypeA))
}

// takenBack tells whether a record is one that is taken back.
func takenBack(name string, kind uint16) func(dns.RR) bool {
	return func(rr dns.RR) bool {
		return rr.Header().Name == name && rr.Header().Rrtype == kind && rr.Header().Ttl == 0
	}
}

// wire is our end of the card's cable.
type wire struct {
	t     *testing.T
	iface *net.Interface
	conn  *net.UDPConn
}

var mdnsGroup = netip.MustParseAddrPort("224.0.0.251:5353")

func newWire(t *testing.T) *wire {
	t.Helper()
	const name = "wire0"
	if err := netlink.LinkAdd(&netlink.Tuntap{LinkAttrs: netlink.LinkAttrs{Name: name}, Mode: netlink.TUNTAP_MODE_TAP, Flags: netlink.TUNTAP_DEFAULTS}); err != nil {
		need(t, err)
	}
	link, err := netlink.LinkByName(name)
	if err == nil {
		err = netlink.AddrAdd(link, &netlink.Addr{IPNet: &net.IPNet{IP: net.IPv4(10, 77, 0, 1), Mask: net.CIDRMask(24, 32)}})
	}
	if err == nil {
		err = netlink.LinkSetUp(link)
	}
	if err != nil {
		t.Fatal(err)
	}
	iface, err := net.InterfaceByName(name)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.ListenMulticastUDP("udp4", iface, net.UDPAddrFromAddrPort(mdnsGroup))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := ipv4.NewPacketConn(conn).SetMulticastInterface(iface); err != nil {
		t.Fatal(err)
	}
	return &wire{t, iface, conn}
}

// await asks until there is an answer.
func (w *wire) await(name string, kind uint16) dns.RR {
	w.t.Helper()
	query := &dns.Msg{Question: []dns.Question{{Name: name, Qtype: kind, Qclass: dns.ClassINET}}}
	data, err := query.Pack()
	if err != nil {
		w.t.Fatal(err)
	}
	for limit := time.Now().Add(patience); time.Now().Before(limit); {
		if _, err := w.conn.WriteToUDPAddrPort(data, mdnsGroup); err != nil {
			w.t.Fatal(err)
		}
		is := func(rr dns.RR) bool {
			return rr.Header().Name == name && rr.Header().Rrtype == kind && rr.Header().Ttl > 0
		}
		if rr := w.next(time.Now().Add(2*time.Second), is); rr != nil {
			return rr
		}
	}
	w.t.Fatalf("no answer about %s", name)
	return nil
}

func (w *wire) hear(is func(dns.RR) bool) {
	w.t.Helper()
	if w.next(time.Now().Add(patience), is) == nil {
		w.t.Error("not heard")
	}
}

// next is the next record of the kind that anybody tells, nil if none comes.
func (w *wire) next(limit time.Time, is func(dns.RR) bool) dns.RR {
	w.t.Helper()
	if err := w.conn.SetReadDeadline(limit); err != nil {
		w.t.Fatal(err)
	}
	buf := make([]byte, 9000)
	for {
		n, err := w.conn.Read(buf)
		if err != nil {
			return nil
		}
		var m dns.Msg
		if err := m.Unpack(buf[:n]); err != nil {
			w.t.Errorf("the card sent what cannot be read: %v", err)
		}
		if i := slices.IndexFunc(m.Answer, is); m.Response && i >= 0 {
			return m.Answer[i]
		}
	}
}
