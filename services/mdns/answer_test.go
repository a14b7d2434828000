package mdns

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// settled is a world with one card that has told everything, an hour ago.
func settled(t *testing.T, services ...Service) *world {
	t.Helper()
	w := newWorld(t)
	if len(services) == 0 {
		services = []Service{nutService}
	}
	w.add(card, Names{}, "2", services...)
	w.run(time.Hour)
	w.says()
	return w
}

// answered keeps of each line what was said, and drops when.
func answered(w *world) (lines []string) {
	for _, l := range w.says() {
		_, what, _ := strings.Cut(l, " ")
		lines = append(lines, what)
	}
	return lines
}

const (
	aRecord   = "card.local./A!/120/192.0.2.2"
	aOnly     = "card.local./NSEC!/120/card.local.,A"
	srvRecord = "card._nut._tcp.local./SRV!/120/0,0,3493,card.local."
	txtRecord = `card._nut._tcp.local./TXT!/4500/"txtvers=1","device_list=ups"`
	ptrRecord = "_nut._tcp.local./PTR/4500/card._nut._tcp.local."
	all       = "2/1.4>group: "
)

func TestAnswers(t *testing.T) {
	for _, c := range []struct {
		name      string
		questions []dns.Question
		want      []string
	}{
		{"service", []dns.Question{q("_nut._tcp.local.", dns.TypePTR)}, []string{all + "=" + ptrRecord + " +" + srvRecord + " +" + txtRecord + " +" + aRecord + " +" + aOnly}},
		{"whatever case", []dns.Question{q("_NUT._tcp.LOCAL.", dns.TypePTR)}, []string{all + "=" + ptrRecord + " +" + srvRecord + " +" + txtRecord + " +" + aRecord + " +" + aOnly}},
		{"subtype", []dns.Question{q("_upscard._sub._nut._tcp.local.", dns.TypePTR)},
			[]string{all + "=_upscard._sub._nut._tcp.local./PTR/4500/card._nut._tcp.local. +" + srvRecord + " +" + txtRecord + " +" + aRecord + " +" + aOnly}},
		{"kinds of services", []dns.Question{q("_services._dns-sd._udp.local.", dns.TypePTR)}, []string{all + "=_services._dns-sd._udp.local./PTR/4500/_nut._tcp.local."}},
		{"instance", []dns.Question{q("card._nut._tcp.local.", dns.TypeSRV)}, []string{all + "=" + srvRecord + " +" + aRecord + " +" + aOnly}},
		{"all of an instance", []dns.Question{q("card._nut._tcp.local.", dns.TypeANY)}, []string{all + "=" + txtRecord + " =" + srvRecord + " +" + aRecord + " +" + aOnly}},
		{"address", []dns.Question{q("card.local.", dns.TypeA)}, []string{all + "=" + aRecord + " +" + aOnly}},
		{"no such address", []dns.Question{q("card.local.", dns.TypeAAAA)}, []string{all + "=" + aOnly}},
		{"no such record", []dns.Question{q("card._nut._tcp.local.", dns.TypeA)}, []string{all + "=card._nut._tcp.local./NSEC!/120/card._nut._tcp.local.,TXT,SRV"}},
		{"name of an address", []dns.Question{q("2.2.0.192.in-addr.arpa.", dns.TypePTR)}, []string{all + "=2.2.0.192.in-addr.arpa./PTR!/120/card.local."}},
		{"two at once", []dns.Question{q("card.local.", dns.TypeA), q("card.local.", dns.TypeA), q("2.2.0.192.in-addr.arpa.", dns.TypePTR)},
			[]string{all + "=2.2.0.192.in-addr.arpa./PTR!/120/card.local. =" + aRecord + " +" + aOnly}},
		{"another's name", []dns.Question{q("other.local.", dns.TypeA)}, nil},
		{"nothing at a service's name", []dns.Question{q("_nut._tcp.local.", dns.TypeTXT)}, nil},
		{"another class", []dns.Question{{Name: "card.local.", Qtype: dns.TypeA, Qclass: dns.ClassCHAOS}}, nil},
		{"unicast", []dns.Question{qu("card.local.", dns.TypeA)}, []string{all + "=" + aRecord + " +" + aOnly}}, // nobody was told for a while: all are
	} {
		t.Run(c.name, func(t *testing.T) {
			w := settled(t)
			w.asker().ask(c.questions...)
			w.run(time.Second)
			expect(t, answered(w), c.want...)
		})
	}
}

// An answer that only we can give comes at once, others after 20 to 120 ms, and at least 400 ms after a query with more to come.
func TestDelays(t *testing.T) {
	for _, c := range []struct {
		m           *dns.Msg
		least, most time.Duration
	}{
		{&dns.Msg{Question: []dns.Question{q("card.local.", dns.TypeA)}}, 0, 0},
		{&dns.Msg{Question: []dns.Question{q("_nut._tcp.local.", dns.TypePTR)}}, shortest, shortest + spread},
		{&dns.Msg{MsgHdr: dns.MsgHdr{Truncated: true}, Question: []dns.Question{q("card.local.", dns.TypeA)}}, restOfIt, restOfIt + restSpread},
		{&dns.Msg{Question: []dns.Question{q("card.local.", dns.TypeA), q("card._nut._tcp.local.", dns.TypeSRV)}}, shortest, shortest + spread},
		{&dns.Msg{Question: []dns.Question{qu("card.local.", dns.TypeANY), qu("card._nut._tcp.local.", dns.TypeANY)}, // a probe
			Ns: []dns.RR{rr(t, "card.local. 120 IN A 192.0.2.99")}}, 0, 0},
	} {
		for range 20 {
			w := settled(t)
			w.asker().send(c.m)
			w.run(time.Second)
			if len(w.log) != 1 {
				t.Fatalf("%v: %q", c.m, w.says())
			}
			if took := w.log[0].at - time.Hour; took < c.least || took > c.most {
				t.Errorf("%v: after %v", c.m.Question, took)
			}
		}
	}
}

// Whoever knows an answer for half of its time is not told again, also where what it knows needs several packets.
func TestKnownAnswers(t *testing.T) {
	known := func(ttl string) dns.RR { return rr(t, "_nut._tcp.local. "+ttl+" IN PTR card._nut._tcp.local.") }
	ask := []dns.Question{q("_nut._tcp.local.", dns.TypePTR)}
	for _, c := range []struct {
		name    string
		packets []*dns.Msg
		answers int
	}{
		{"knows", []*dns.Msg{{Question: ask, Answer: []dns.RR{known("2250")}}}, 0},
		{"forgets soon", []*dns.Msg{{Question: ask, Answer: []dns.RR{known("2249")}}}, 1},
		{"knows another", []*dns.Msg{{Question: ask, Answer: []dns.RR{rr(t, "_nut._tcp.local. 4500 IN PTR other._nut._tcp.local.")}}}, 1},
		{"in the next packet", []*dns.Msg{{MsgHdr: dns.MsgHdr{Truncated: true}, Question: ask}, {MsgHdr: dns.MsgHdr{Truncated: true}}, {Answer: []dns.RR{known("4500")}}}, 0},
		{"not in the next packet", []*dns.Msg{{MsgHdr: dns.MsgHdr{Truncated: true}, Question: ask}, {Answer: []dns.RR{rr(t, "x.local. 1 IN A 1.2.3.4")}}}, 1},
		{"in many packets", func() (list []*dns.Msg) { // more than half a second of them
			for range 80 {
				list = append(list, &dns.Msg{MsgHdr: dns.MsgHdr{Truncated: true}})
			}
			list[0].Question = ask
			return append(list, &dns.Msg{Answer: []dns.RR{known("4500")}})
		}(), 0},
		{"in too many packets", func() (list []*dns.Msg) {
			for range 300 {
				list = append(list, &dns.Msg{MsgHdr: dns.MsgHdr{Truncated: true}})
			}
			list[0].Question = ask
			return append(list, &dns.Msg{Answer: []dns.RR{known("4500")}})
		}(), 1},
		{"that there is none", []*dns.Msg{{Question: []dns.Question{q("card.local.", dns.TypeAAAA)}, Answer: []dns.RR{rr(t, "card.local. 120 IN NSEC card.local. A")}}}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := settled(t)
			for _, m := range c.packets {
				w.asker().send(m)
				w.run(10 * time.Millisecond)
			}
			w.run(time.Second)
			if got := w.says(); len(got) != c.answers {
				t.Errorf("%q", got)
			}
		})
	}
}

// The rest of what one asker knows takes nothing from what another is answered.
func TestKnownByAnother(t *testing.T) {
	w := settled(t)
	w.asker().send(&dns.Msg{MsgHdr: dns.MsgHdr{Truncated: true}, Question: []dns.Question{q("_nut._tcp.local.", dns.TypePTR)}})
	data, _ := (&dns.Msg{Answer: []dns.RR{rr(t, "_nut._tcp.local. 4500 IN PTR card._nut._tcp.local.")}}).Pack()
	w.hosts[0].Receive(w.now, Packet{Link: LinkID{Index: 1}, Peer: netip.MustParseAddrPort("192.0.2.98:5353"), Group: true, Data: data})
	w.run(time.Second)
	if got := w.says(); len(got) != 1 {
		t.Errorf("%q", got)
	}
}

// What another has just told the group is not told again; what another takes back, or gives less time than it has, is.
func TestOthersAnswers(t *testing.T) {
	shared := rr(t, "_services._dns-sd._udp.local. 4500 IN PTR _nut._tcp.local.")
	tell := func(w *world, r dns.RR) {
		w.asker().send(&dns.Msg{MsgHdr: dns.MsgHdr{Response: true}, Answer: []dns.RR{r}})
	}
	w := settled(t)
	w.asker().ask(q("_services._dns-sd._udp.local.", dns.TypePTR))
	tell(w, shared)
	w.run(time.Second)
	expect(t, answered(w))

	w.asker().ask(q("_services._dns-sd._udp.local.", dns.TypePTR))
	shared.Header().Ttl = 4499
	tell(w, shared)
	w.run(time.Second)
	expect(t, answered(w), all+"=_services._dns-sd._udp.local./PTR/4500/_nut._tcp.local.")

	for range 2 { // the second one waits for its second to pass
		w.run(100 * time.Millisecond)
		w.says()
		w.asker().ask(q("_services._dns-sd._udp.local.", dns.TypePTR))
		w.run(200 * time.Millisecond)
	}
	shared.Header().Ttl = 4500
	tell(w, shared)
	w.run(2 * time.Second)
	expect(t, answered(w))

	shared.Header().Ttl = 0
	tell(w, shared)
	w.run(2 * time.Second)
	expect(t, answered(w), all+"=_services._dns-sd._udp.local./PTR/4500/_nut._tcp.local.")
}

// A record goes to the group once a second, however often it is asked for; who defends a name need not wait for so long.
func TestRate(t *testing.T) {
	w := settled(t)
	for range 100 {
		w.asker().ask(q("card.local.", dns.TypeA))
		w.run(20 * time.Millisecond)
	}
	if got := w.says(); len(got) != 2 && len(got) != 3 {
		t.Errorf("%d answers in 2 s: %q", len(got), got)
	}
	w.run(10 * time.Second)
	w.says()
	for range 10 {
		w.asker().send(&dns.Msg{Question: []dns.Question{q("card.local.", dns.TypeANY)}, Ns: []dns.RR{rr(t, "card.local. 120 IN A 192.0.2.99")}})
		w.run(100 * time.Millisecond)
	}
	if got := w.says(); len(got) != 4 && len(got) != 5 {
		t.Errorf("%d answers to a probe in 1 s: %q", len(got), got)
	}
}

// Who asks for it is answered by unicast, unless the group should hear it again; and nobody is who cannot be on the link.
func TestUnicast(t *testing.T) {
	w := settled(t)
	a := w.asker()
	a.ask(q("card.local.", dns.TypeA)) // the group has heard it
	w.run(10 * time.Second)
	w.says()
	a.ask(qu("card.local.", dns.TypeA))
	w.run(time.Second)
	expect(t, answered(w), "2/1.4>192.0.2.99:5353: ="+aRecord+" +"+aOnly)
	w.run(30 * time.Second)
	a.ask(qu("card.local.", dns.TypeA)) // a quarter of its time has passed
	w.run(time.Second)
	expect(t, answered(w), all+"="+aRecord+" +"+aOnly)

	for _, from := range []string{"198.51.100.1:5353", "0.0.0.0:5353", "224.0.0.251:5353", "192.0.2.2:5353"} {
		w.run(2 * time.Second)
		data, _ := (&dns.Msg{Question: []dns.Question{qu("card.local.", dns.TypeA)}}).Pack()
		p := Packet{Link: LinkID{Index: 1}, Peer: netip.MustParseAddrPort(from), Data: data}
		w.hosts[0].Receive(w.now, p)
		w.run(time.Second)
		expect(t, answered(w))
		p.Group = true
		w.hosts[0].Receive(w.now, p)
		w.run(time.Second)
		if got := answered(w); len(got) > 1 || len(got) == 1 && !strings.HasPrefix(got[0], all) {
			t.Errorf("from %s: %q", from, got)
		}
	}
}

// A question that is asked twice in one packet is answered once, and what the group has just heard is not added to another answer.
func TestOnce(t *testing.T) {
	w := settled(t)
	a := w.asker()
	a.ask(q("card.local.", dns.TypeA))
	w.run(500 * time.Millisecond)
	w.says()
	a.ask(q("_nut._tcp.local.", dns.TypePTR))
	w.run(2 * time.Second)
	expect(t, answered(w), all+"="+ptrRecord+" +"+srvRecord+" +"+txtRecord)
	a.ask(qu("card.local.", dns.TypeA), qu("card.local.", dns.TypeANY))
	w.run(2 * time.Second)
	expect(t, answered(w), "2/1.4>192.0.2.99:5353: ="+aRecord+" +"+aOnly)
}

// So many answers by unicast, however many ask.
func TestUnicastRate(t *testing.T) {
	w := settled(t)
	a := w.asker()
	a.ask(q("card.local.", dns.TypeA))
	w.run(2 * time.Second)
	w.says()
	for range 1000 {
		a.ask(qu("card.local.", dns.TypeA))
		w.run(time.Millisecond)
	}
	w.run(time.Second)
	if n := len(w.says()); n < directBurst || n > directBurst+25 {
		t.Errorf("%d answers", n)
	}
}

// One who does not know multicast DNS is answered as by a name server, and with no more than was asked for.
func TestConventional(t *testing.T) {
	ask := func(w *world, m *dns.Msg, from string) *dns.Msg {
		data, err := m.Pack()
		if err != nil {
			t.Fatal(err)
		}
		w.hosts[0].Receive(w.now, Packet{Link: LinkID{Index: 1}, Peer: netip.MustParseAddrPort(from), Group: true, Data: data})
		w.run(time.Second)
		defer func() { w.log = nil }()
		switch len(w.log) {
		case 0:
			return nil
		case 1:
			if w.log[0].p.Group || w.log[0].p.Peer.String() != from {
				t.Errorf("the answer goes to %v", w.log[0].p.Peer)
			}
			if n := len(w.log[0].p.Data); n > conventionalSize {
				t.Errorf("%d bytes", n)
			}
			return w.log[0].m
		}
		t.Fatalf("%q", w.says())
		return nil
	}
	w := settled(t)
	m := new(dns.Msg).SetQuestion("CARD.local.", dns.TypeA)
	got := ask(w, m, "192.0.2.99:40000")
	if got == nil || got.Id != m.Id || !got.Response || !got.Authoritative || !got.RecursionDesired || len(got.Question) != 1 || got.Question[0] != m.Question[0] {
		t.Fatalf("%v", got)
	}
	if len(got.Answer) != 1 || len(got.Extra) != 0 || short(got.Answer[0]) != "card.local./A/10/192.0.2.2" {
		t.Errorf("%v", got)
	}
	if got := ask(w, new(dns.Msg).SetQuestion("card.local.", dns.TypeAAAA), "192.0.2.99:40000"); got == nil || len(got.Answer) != 0 || got.Rcode != dns.RcodeSuccess {
		t.Errorf("of what there is not: %v", got)
	}
	for name, from := range map[string]string{"other.local.": "192.0.2.99:40000", "card.local.": "198.51.100.1:40000"} {
		if got := ask(w, new(dns.Msg).SetQuestion(name, dns.TypeA), from); got != nil {
			t.Errorf("%s from %s: %v", name, from, got)
		}
	}
	two := new(dns.Msg).SetQuestion("card.local.", dns.TypeA)
	two.Question = append(two.Question, two.Question[0])
	if got := ask(w, two, "192.0.2.99:40000"); got != nil {
		t.Errorf("two questions: %v", got)
	}
}

// A name that is asked for at the moment is nobody's: no answer.
func TestSilentWhileProbing(t *testing.T) {
	w := newWorld(t)
	w.add(card, Names{}, "2", nutService)
	resolver := w.asker()
	resolver.port = 40000
	for range 9 {
		w.asker().ask(q("card.local.", dns.TypeA), q("_nut._tcp.local.", dns.TypePTR))
		resolver.ask(q("card.local.", dns.TypeA))
		w.run(100 * time.Millisecond)
	}
	for _, s := range w.log {
		if s.m.Response && !s.p.Link.V6 {
			t.Errorf("at %v: %v", s.at, s)
		}
	}
	w.run(time.Second)
	if !slices.ContainsFunc(w.log, func(s sent) bool { return s.m.Response }) {
		t.Error("silent after it too")
	}
}
