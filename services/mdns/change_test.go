package mdns

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// set gives the host other addresses.
func (h *host) set(now time.Time, addrs ...string) {
	h.ifaces[0].Addrs = prefixes(addrs...)
	h.SetInterfaces(now, h.ifaces)
}

func TestAddressChanges(t *testing.T) {
	w := settled(t)
	h := w.hosts[0]
	// Another address is there: all of them, which replace what others have.
	h.set(w.now, "192.0.2.2/24", "192.0.2.5/24", "fe80::2/64")
	w.run(5 * time.Second)
	now := on("1.4", answered(w))
	said := "=5.2.0.192.in-addr.arpa./PTR!/120/card.local. =" + aRecord + " =card.local./A!/120/192.0.2.5 +" + aOnly
	expect(t, now, all+said, all+said)
	// One is gone: those that are left, at once; its own name is taken back.
	h.set(w.now, "192.0.2.5/24", "fe80::2/64")
	w.run(5 * time.Second)
	now = on("1.4", answered(w))
	said = "=card.local./A!/120/192.0.2.5 +" + aOnly
	expect(t, now, all+"=2.2.0.192.in-addr.arpa./PTR!/0/card.local.", all+said, all+said)
	// A kind of address comes, and goes.
	h.set(w.now, "192.0.2.5/24", "2001:db8::2/64", "fe80::2/64")
	w.run(5 * time.Second)
	if got := on("1.4", answered(w)); len(got) != 2 || !strings.Contains(got[0], "=card.local./AAAA!/120/2001:db8::2") || strings.Contains(got[0], "fe80") {
		t.Errorf("%q", got)
	}
	h.set(w.now, "192.0.2.5/24", "fe80::2/64")
	w.run(5 * time.Second)
	if got := on("1.4", answered(w)); len(got) != 1 || !strings.Contains(got[0], "=card.local./AAAA!/0/2001:db8::2") {
		t.Errorf("%q", got)
	}
	// No address of IPv4 is left: nothing can be said there, and the link-local address is all there is.
	h.set(w.now, "fe80::2/64")
	w.run(5 * time.Second)
	got := answered(w)
	if len(on("1.4", got)) != 0 || !slices.ContainsFunc(on("1.6", got), func(l string) bool { return strings.Contains(l, "card.local./AAAA!/120/fe80::2") }) {
		t.Errorf("%q", got)
	}
	if !h.Settled() {
		t.Error("not settled")
	}
}

// A cable that was out may be in another network now: all is asked and told anew.
func TestCable(t *testing.T) {
	w := settled(t)
	h := w.hosts[0]
	h.ifaces[0].Generation++
	h.SetInterfaces(w.now, h.ifaces)
	w.run(5 * time.Second)
	got := on("1.4", answered(w))
	if len(got) != 6 || !strings.Contains(got[0], "?card.local. ANY") || !strings.Contains(got[3], "="+aRecord) {
		t.Errorf("%q", got)
	}
	h.SetInterfaces(w.now, nil)
	w.run(time.Second)
	if got := w.says(); len(got) != 0 || h.Settled() {
		t.Errorf("without an interface: %q", got)
	}
}

// Each link has its own addresses. Two interfaces on one network are no conflict.
func TestTwoInterfaces(t *testing.T) {
	for name, index := range map[string]int{"two networks": 2, "one network": 1} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			h := w.add(card, Names{}, "2", nutService)
			h.ifaces = append(h.ifaces, Interface{Index: 2, Name: "wlan0", Addrs: prefixes("198.51.100.2/24")})
			h.SetInterfaces(w.now, h.ifaces)
			for range 100 {
				w.run(100 * time.Millisecond)
				if index == 1 { // each hears what the other says
					for _, s := range w.log {
						other := LinkID{Index: 3 - s.p.Link.Index}
						if h.link(other) != nil && s.p.Group && !s.p.Link.V6 {
							h.Receive(w.now, Packet{Link: other, Peer: netip.AddrPortFrom(h.address(s.p.Link), Port), Group: true, Data: s.p.Data})
						}
					}
					w.says()
				}
			}
			if h.Names() != card || !h.Settled() {
				t.Errorf("%v, settled %v", h.Names(), h.Settled())
			}
			w.says()
			w.asker().ask(q("card.local.", dns.TypeA))
			a := w.asker()
			a.link.Index = 2
			a.ask(q("card.local.", dns.TypeA))
			w.run(time.Second)
			expect(t, answered(w), all+"="+aRecord+" +"+aOnly, "2/2.4>group: =card.local./A!/120/198.51.100.2 +"+aOnly)
		})
	}
}

// A reflector tells one network what was said in another, our own words too.
func TestReflected(t *testing.T) {
	w := newWorld(t)
	h := w.add(card, Names{}, "2", nutService)
	h.ifaces = append(h.ifaces, Interface{Index: 2, Name: "wlan0", Addrs: prefixes("198.51.100.2/24")})
	h.SetInterfaces(w.now, h.ifaces)
	for range 100 {
		w.run(50 * time.Millisecond)
		for _, s := range w.log {
			if s.p.Group && !s.p.Link.V6 {
				h.Receive(w.now, Packet{Link: LinkID{Index: 3 - s.p.Link.Index}, Peer: netip.MustParseAddrPort("203.0.113.1:5353"), Group: true, Data: s.p.Data})
			}
		}
		w.log = nil
	}
	if h.Names() != card || !h.Settled() {
		t.Errorf("%v, settled %v", h.Names(), h.Settled())
	}
}

// What changes in a TXT record is told, ten times a minute at most, and the last of it in any case.
func TestTXTChanges(t *testing.T) {
	w := settled(t)
	h := w.hosts[0]
	txt := func(n int) []Service {
		s := nutService
		s.TXT = []string{fmt.Sprint("n=", n)}
		return []Service{s}
	}
	h.SetServices(w.now, txt(0))
	w.run(5 * time.Second)
	said := `=card._nut._tcp.local./TXT!/4500/"n=0"`
	expect(t, on("1.4", answered(w)), all+said, all+said)
	for n := range 600 {
		h.SetServices(w.now, txt(n))
		w.run(100 * time.Millisecond)
	}
	w.run(20 * time.Second)
	changes := make(map[string]bool)
	lines := on("1.4", answered(w))
	for _, l := range lines {
		changes[l] = true
	}
	if n := len(changes); n < 6 || n > 12 {
		t.Errorf("%d changes in 80 s", n)
	}
	if last := lines[len(lines)-1]; !strings.Contains(last, `"n=599"`) {
		t.Errorf("the last one: %s", last)
	}
	h.SetServices(w.now, txt(599))
	w.run(time.Minute)
	expect(t, answered(w))
}

// A service comes and goes while the rest stays.
func TestServiceComesAndGoes(t *testing.T) {
	w := settled(t)
	h := w.hosts[0]
	web := Service{Type: "_http._tcp", Port: 80, TXT: []string{"path=/"}}
	h.SetServices(w.now, []Service{nutService, web})
	w.run(5 * time.Second)
	got := on("1.4", answered(w))
	if len(got) != 5 || !strings.HasPrefix(got[0], all+"?card._http._tcp.local. ANY ~card._http._tcp.local./SRV/120/0,0,80,card.local.") || strings.Contains(got[0], "nut") ||
		!strings.HasPrefix(got[3], all+"=_http._tcp.local./PTR/4500/card._http._tcp.local. =_services._dns-sd._udp.local./PTR/4500/_http._tcp.local. =card._http") {
		t.Errorf("%q", got)
	}
	h.SetServices(w.now, []Service{nutService})
	w.run(5 * time.Second)
	expect(t, on("1.4", answered(w)), all+"=_http._tcp.local./PTR/0/card._http._tcp.local. =_services._dns-sd._udp.local./PTR/0/_http._tcp.local. "+
		`=card._http._tcp.local./TXT!/0/"path=/" =card._http._tcp.local./SRV!/0/0,0,80,card.local.`)
	// One that only an address that we do not have can be reached by is not offered.
	web.Addrs = []netip.Addr{netip.MustParseAddr("127.0.0.1")}
	h.SetServices(w.now, []Service{nutService, web})
	w.run(5 * time.Second)
	expect(t, answered(w))
	web.Addrs = append(web.Addrs, netip.MustParseAddr("192.0.2.2"))
	h.SetServices(w.now, []Service{nutService, web})
	w.run(15 * time.Second)
	if got := on("1.4", answered(w)); len(got) != 5 {
		t.Errorf("%q", got)
	}
}

// A card that ends takes back everything, and nothing else is said after it.
func TestGoodbye(t *testing.T) {
	w := settled(t)
	h := w.hosts[0]
	w.asker().ask(q("_nut._tcp.local.", dns.TypePTR))
	h.Goodbye()
	w.run(10 * time.Second)
	expect(t, on("1.4", answered(w)), all+"=2.2.0.192.in-addr.arpa./PTR!/0/card.local. =_nut._tcp.local./PTR/0/card._nut._tcp.local. "+
		"=_services._dns-sd._udp.local./PTR/0/_nut._tcp.local. =_upscard._sub._nut._tcp.local./PTR/0/card._nut._tcp.local. "+
		`=card._nut._tcp.local./TXT!/0/"txtvers=1","device_list=ups" =card._nut._tcp.local./SRV!/0/0,0,3493,card.local. =card.local./A!/0/192.0.2.2`)
	// One that has not told anything has nothing to take back.
	w = newWorld(t)
	w.add(card, Names{}, "2", nutService)
	w.run(500 * time.Millisecond)
	w.says()
	w.hosts[0].Goodbye()
	w.run(time.Second)
	expect(t, answered(w))
}

// A conflict in the middle of life takes away the name only from who loses it; services whose name is still ours are taken back under the old one.
func TestRenamedInMidLife(t *testing.T) {
	web := Service{Type: "_http._tcp", Port: 80}
	w := settled(t, nutService, web)
	h := w.hosts[0]
	other := w.asker()
	claim := rr(t, "card._nut._tcp.local. 120 IN SRV 0 0 3493 elsewhere.local.")
	other.send(&dns.Msg{MsgHdr: dns.MsgHdr{Response: true}, Answer: []dns.RR{claim}})
	if h.Settled() || h.Names() != card {
		t.Errorf("at once: settled %v, %v", h.Settled(), h.Names())
	}
	w.run(100 * time.Millisecond) // asks again, and is answered
	other.send(&dns.Msg{MsgHdr: dns.MsgHdr{Response: true}, Answer: []dns.RR{claim}})
	w.run(5 * time.Second)
	if got := h.Names(); got != (Names{"card", "card (2)"}) || !h.Settled() {
		t.Errorf("%q", got)
	}
	text := strings.Join(answered(w), "\n")
	if !strings.Contains(text, "=_http._tcp.local./PTR/0/card._http._tcp.local.") || strings.Contains(text, "/0/card._nut._tcp.local.") ||
		strings.Contains(text, "card._nut._tcp.local./SRV!/0") {
		t.Errorf("%s", text)
	}
}

// While a name is in doubt nothing is told of it, though it was asked for before.
func TestInDoubt(t *testing.T) {
	w := settled(t)
	w.asker().ask(q("_nut._tcp.local.", dns.TypePTR), q("card.local.", dns.TypeA))
	two := []dns.RR{rr(t, "card.local. 120 IN A 192.0.2.99"), rr(t, "card.local. 120 IN A 192.0.2.98")} // one conflict
	w.asker().send(&dns.Msg{MsgHdr: dns.MsgHdr{Response: true}, Answer: two})
	if h := w.hosts[0]; h.Settled() || h.Names() != card {
		t.Errorf("settled %v, %v", h.Settled(), h.Names())
	}
	w.run(500 * time.Millisecond)
	for _, line := range answered(w) {
		if strings.Contains(line, "=") {
			t.Errorf("told: %s", line)
		}
	}
	w.run(2 * time.Second)
	if h := w.hosts[0]; !h.Settled() || h.Names() != card {
		t.Errorf("nobody has answered: settled %v, %v", h.Settled(), h.Names())
	}
}

// The host's name is another's: services that are called after it are renamed with it, others are asked for again, since they are elsewhere now.
func TestHostRenamed(t *testing.T) {
	for instance, want := range map[string]Names{"card": {"card-2", "card (2)"}, "Cellar": {"card-2", "Cellar"}} {
		w := newWorld(t)
		w.add(Names{card.Host, instance}, Names{}, "2", nutService)
		w.run(500 * time.Millisecond)
		h := w.hosts[0]
		w.says()
		w.asker().send(&dns.Msg{MsgHdr: dns.MsgHdr{Response: true}, Answer: []dns.RR{rr(t, "card.local. 120 IN A 192.0.2.99")}})
		if h.Names() != want {
			t.Errorf("%q: %q", instance, h.Names())
		}
		w.run(5 * time.Second)
		first := strings.Join(on("1.4", answered(w))[:1], "")
		for _, part := range []string{"?card-2.local. ANY", "?" + label(want.Instance) + "._nut._tcp.local. ANY", "._nut._tcp.local./SRV/120/0,0,3493,card-2.local."} {
			if !strings.Contains(first, part) {
				t.Errorf("%q: no %s in %s", instance, part, first)
			}
		}
	}
}

// Another machine that tells the same about a kind of service does not save us an announcement.
func TestAnnouncedBesides(t *testing.T) {
	w := newWorld(t)
	w.add(card, Names{}, "2", nutService)
	w.run(1500 * time.Millisecond)
	w.says()
	w.asker().send(&dns.Msg{MsgHdr: dns.MsgHdr{Response: true}, Answer: []dns.RR{rr(t, "_services._dns-sd._udp.local. 4500 IN PTR _nut._tcp.local.")}})
	w.run(time.Second)
	if got := strings.Join(on("1.4", answered(w)), ""); !strings.Contains(got, "=_services._dns-sd._udp.local./PTR/4500/_nut._tcp.local.") {
		t.Errorf("%s", got)
	}
}

// Service with more to tell than a packet holds, and a packet that is smaller than Ethernet's.
func TestSize(t *testing.T) {
	var list []Service
	for i := range 12 {
		s := Service{Type: fmt.Sprintf("_s%d._tcp", i), Port: 1}
		for j := range 30 {
			s.TXT = append(s.TXT, fmt.Sprint(j, strings.Repeat("x", 250)))
		}
		list = append(list, s)
	}
	for _, mtu := range []int{0, 1280, 9000, 100} {
		w := newWorld(t)
		h := w.add(card, Names{}, "2", list...)
		h.ifaces[0].MTU = mtu
		h.SetInterfaces(w.now, h.ifaces)
		w.run(5 * time.Second)
		most, told := 0, 0
		for _, s := range w.log {
			most = max(most, len(s.p.Data))
			for _, rr := range s.m.Answer {
				if rr.Header().Rrtype == dns.TypeSRV {
					told++
				}
			}
		}
		if limit := max(576, min(mtu, 1500)); mtu > 0 && most > limit-28 || most > 1472 {
			t.Errorf("MTU %d: %d bytes", mtu, most)
		}
		if !h.Settled() || told != 6*len(list) { // three times on each link so far
			t.Errorf("MTU %d: settled %v, %d services told", mtu, h.Settled(), told)
		}
	}
}

// Several services of one type have names of their own, which come and go by themselves; the type is told as long as there is one.
func TestSeveralOfOneType(t *testing.T) {
	plain := strings.NewReplacer(`\ `, "_", `\,`, "_")
	one := func(name string, port uint16) Service { return Service{Type: "_apcupsd._tcp", Name: name, Port: port} }
	w := newWorld(t)
	h := w.add(card, Names{}, "2", one("rack", 3551), one("desk", 3552), one("rack", 3553))
	w.run(time.Minute)
	w.says()
	w.asker().ask(q("_apcupsd._tcp.local.", dns.TypePTR))
	w.run(time.Second)
	got := answered(w)
	if len(got) != 1 {
		t.Fatalf("%q", got)
	}
	got[0] = plain.Replace(got[0])
	for _, want := range []string{`=_apcupsd._tcp.local./PTR/4500/card_desk._apcupsd._tcp.local.`, `=_apcupsd._tcp.local./PTR/4500/card_rack._apcupsd._tcp.local.`,
		`+card_desk._apcupsd._tcp.local./SRV!/120/0,0,3552,card.local.`, `+card_rack._apcupsd._tcp.local./SRV!/120/0,0,3551,card.local.`} {
		if strings.Count(got[0], want) != 1 || strings.Contains(got[0], "3553") {
			t.Errorf("want %s once in\n%s", want, got[0])
		}
	}
	gone := func(services ...Service) string {
		h.SetServices(w.now, services)
		w.run(20 * time.Second)
		var all []string
		for _, line := range on("1.4", answered(w)) {
			for word := range strings.FieldsSeq(plain.Replace(line)) {
				if strings.Contains(word, "/PTR/0/") {
					all = append(all, word)
				}
			}
		}
		return strings.Join(all, " ")
	}
	if got, want := gone(one("desk", 3552)), `=_apcupsd._tcp.local./PTR/0/card_rack._apcupsd._tcp.local.`; got != want {
		t.Errorf("taken back is %s, want %s", got, want)
	}
	if got, want := gone(), `=_apcupsd._tcp.local./PTR/0/card_desk._apcupsd._tcp.local. =_services._dns-sd._udp.local./PTR/0/_apcupsd._tcp.local.`; got != want {
		t.Errorf("taken back is %s, want %s", got, want)
	}
}
