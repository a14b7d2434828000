package mdns

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// on keeps the lines of one link, as "1.4".
func on(link string, lines []string) (some []string) {
	for _, l := range lines {
		if strings.Contains(l, "/"+link+">") {
			some = append(some, l)
		}
	}
	return some
}

func expect(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("sent\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

// A card that starts asks three times, then tells six times in half a minute (RFC 6762, section 8), and is silent from then on.
func TestStart(t *testing.T) {
	w := newWorld(t)
	w.add(card, Names{}, "2", nutService)
	w.run(time.Hour)
	const (
		ask = "2/1.4>group: ?card._nut._tcp.local. ANY ?card.local. ANY ~card._nut._tcp.local./SRV/120/0,0,3493,card.local. " +
			`~card._nut._tcp.local./TXT/4500/"txtvers=1","device_list=ups" ~card.local./A/120/192.0.2.2`
		tell = "2/1.4>group: =2.2.0.192.in-addr.arpa./PTR!/120/card.local. =_nut._tcp.local./PTR/4500/card._nut._tcp.local. " +
			"=_services._dns-sd._udp.local./PTR/4500/_nut._tcp.local. =_upscard._sub._nut._tcp.local./PTR/4500/card._nut._tcp.local. " +
			`=card._nut._tcp.local./TXT!/4500/"txtvers=1","device_list=ups" =card._nut._tcp.local./SRV!/120/0,0,3493,card.local. ` +
			"=card.local./A!/120/192.0.2.2 +card.local./NSEC!/120/card.local.,A"
	)
	lines := w.says()
	expect(t, on("1.4", lines), "213ms "+ask, "463ms "+ask, "713ms "+ask, "963ms "+tell, "1.963s "+tell, "3.963s "+tell, "7.963s "+tell, "15.963s "+tell, "31.963s "+tell)
	if six := on("1.6", lines); len(six) != 9 || !strings.HasSuffix(six[4], strings.SplitN(tell, ">", 2)[1]) {
		t.Errorf("on the other link:\n%s", strings.Join(six, "\n"))
	}
	if h := w.hosts[0]; !h.Settled() || h.Names() != card || !h.Next().IsZero() {
		t.Errorf("after it: settled %v, %v, next %v", h.Settled(), h.Names(), h.Next())
	}
	probe := newWorld(t)
	probe.add(card, Names{}, "2", nutService)
	probe.run(300 * time.Millisecond)
	for _, s := range probe.log {
		for _, q := range s.m.Question {
			if q.Qclass != dns.ClassINET|flushBit || s.m.Response || s.m.Id != 0 {
				t.Errorf("a probe wants a unicast answer, and is no answer: %v", s.m)
			}
		}
	}
}

// Two cards of one name that start at the same moment: the one whose address is higher wins, whichever was plugged in first.
func TestTie(t *testing.T) {
	for _, numbers := range [][2]string{{"2", "3"}, {"3", "2"}} {
		w := newWorld(t)
		a := w.add(card, Names{}, numbers[0], nutService)
		b := w.add(card, Names{}, numbers[1], nutService)
		w.run(10 * time.Second)
		won, lost := a, b
		if numbers[0] == "2" {
			won, lost = b, a
		}
		if won.Names() != card || lost.Names() != (Names{"card-2", "card (2)"}) || !won.Settled() || !lost.Settled() {
			t.Errorf("%v: the winner is %q, the other %q\n%s", numbers, won.Names(), lost.Names(), strings.Join(w.says(), "\n"))
		}
	}
}

// Who gives way asks again a second later, and takes the name if the other has gone.
func TestGiveWay(t *testing.T) {
	w := newWorld(t)
	h := w.add(card, Names{}, "2", nutService)
	w.run(500 * time.Millisecond)
	w.says()
	w.asker().send(&dns.Msg{Question: []dns.Question{qu("card.local.", dns.TypeANY)}, Ns: []dns.RR{rr(t, "card.local. 120 IN A 192.0.2.99")}})
	w.run(5 * time.Second)
	lines := on("1.4", w.says())
	lines = slices.DeleteFunc(lines, func(l string) bool { return !strings.Contains(l, "?card.local. ANY") })
	if len(lines) != 3 || !strings.HasPrefix(lines[0], "1.5s ") || h.Names() != card || !h.Settled() {
		t.Errorf("%v, settled %v:\n%s", h.Names(), h.Settled(), strings.Join(lines, "\n"))
	}
	w.asker().send(&dns.Msg{Question: []dns.Question{qu("card.local.", dns.TypeANY)}, Ns: []dns.RR{rr(t, "card.local. 120 IN A 192.0.2.99")}})
	if !h.Settled() {
		t.Error("gives way though the name is its own")
	}
}

// A card that comes to where its name is taken finds out before it tells anything.
func TestNameTaken(t *testing.T) {
	w := newWorld(t)
	w.add(card, Names{}, "2", nutService)
	w.run(5 * time.Second)
	w.says()
	h := w.add(Names{"CARD", "Card"}, Names{}, "3", nutService)
	w.run(5 * time.Second)
	if got := h.Names(); got != (Names{"CARD-2", "Card (2)"}) {
		t.Errorf("the newcomer is %q", got)
	}
	for _, line := range w.says() {
		if strings.Contains(line, " 3/") && (strings.Contains(line, "=card.local.") || strings.Contains(line, "=Card._nut")) {
			t.Errorf("told of a name that is another's: %s", line)
		}
	}
	if w.hosts[0].Names() != card {
		t.Errorf("the first one is %q", w.hosts[0].Names())
	}
}

// Twenty cards of one name all get one.
func TestManyOfOneName(t *testing.T) {
	w := newWorld(t)
	for i := range 20 {
		w.add(card, Names{}, string([]byte{'1' + byte(i/10), '0' + byte(i%10)}), nutService)
	}
	w.run(5 * time.Minute)
	seen := make(map[string]bool)
	for _, h := range w.hosts {
		n := h.Names()
		if !h.Settled() || seen[n.Host] || seen[n.Instance] {
			t.Errorf("%s is %q, settled %v", h.name, n, h.Settled())
		}
		seen[n.Host], seen[n.Instance] = true, true
	}
	t.Logf("%d packets", len(w.says()))
}

// A card that had to take another name begins with that when it starts again, unless its owner has another wish by then, which who keeps the
// names knows.
func TestStartAgain(t *testing.T) {
	w := newWorld(t)
	w.add(card, Names{}, "2", nutService)
	w.run(3 * time.Second)
	w.says()
	h := w.add(card, Names{"card-2", "card (2)"}, "3", nutService)
	w.run(3 * time.Second)
	if got := h.Names(); got != (Names{"card-2", "card (2)"}) || !h.Settled() {
		t.Errorf("it is %q", got)
	}
	for _, line := range w.says() {
		if strings.Contains(line, "?card.local.") {
			t.Errorf("asked for the name that was lost: %s", line)
		}
	}
	w.add(card, Names{"card-2", "card (2)"}, "4", nutService)
	w.run(5 * time.Second)
	if got := w.hosts[2].Names(); got != (Names{"card-3", "card (3)"}) {
		t.Errorf("the third is %q", got)
	}
}

// Two networks become one, and with that two cards of one name meet in the middle of their lives: when one of them speaks, one keeps the
// name and the other takes another.
func TestNetworksJoin(t *testing.T) {
	w := newWorld(t)
	a := w.add(card, Names{}, "2", nutService)
	w.run(5 * time.Second)
	a.off = true
	b := w.add(card, Names{}, "3", nutService)
	w.run(time.Minute)
	a.off = false
	w.says()
	w.asker().ask(q("_nut._tcp.local.", dns.TypePTR), q("card.local.", dns.TypeA))
	w.run(10 * time.Second)
	names := []Names{a.Names(), b.Names()}
	if !slices.Contains(names, card) || !slices.Contains(names, Names{"card-2", "card (2)"}) || !a.Settled() || !b.Settled() {
		t.Errorf("they are %q\n%s", names, strings.Join(w.says(), "\n"))
	}
}

// Power is back: two cards of one name are up before the switch forwards anything. They meet in the middle of their lives, and nobody has to ask
// for that.
func TestSlowSwitch(t *testing.T) {
	w := newWorld(t)
	a, b := w.add(card, Names{}, "2", nutService), w.add(card, Names{}, "3", nutService)
	a.off, b.off = true, true
	w.run(20 * time.Second)
	a.off, b.off = false, false
	w.run(20 * time.Second)
	names := []Names{a.Names(), b.Names()}
	if !slices.Contains(names, card) || !slices.Contains(names, Names{"card-2", "card (2)"}) || !a.Settled() || !b.Settled() {
		t.Errorf("they are %q\n%s", names, strings.Join(w.says(), "\n"))
	}
}

// Who never agrees slows us down (RFC 6762, section 9), and does not bring us to a halt.
func TestDefiant(t *testing.T) {
	w := newWorld(t)
	h := w.add(card, Names{}, "2", nutService)
	liar := w.asker()
	for range 600 {
		w.run(100 * time.Millisecond)
		liar.send(&dns.Msg{MsgHdr: dns.MsgHdr{Response: true}, Answer: []dns.RR{&dns.A{Hdr: header(hostName(h.Names()), dns.TypeA, 120), A: []byte{192, 0, 2, 99}}}})
	}
	n := len(w.says())
	t.Logf("%d packets in a minute; the name is %q", n, h.Names())
	if n > 120 {
		t.Errorf("%d packets in a minute", n)
	}
	w.run(20 * time.Second)
	if !h.Settled() {
		t.Error("no name after the liar has gone")
	}
}

// What there is to be found comes a moment after the interfaces: it is asked for with the next probe for the host, and after the first time told with it.
func TestServicesComeLater(t *testing.T) {
	w := newWorld(t)
	h := w.add(card, Names{}, "2")
	w.run(300 * time.Millisecond) // the first probe is out
	h.SetServices(w.now, []Service{nutService})
	w.run(time.Hour)
	var times []string
	for _, line := range on("1.4", w.says()) {
		at, what, _ := strings.Cut(line, " ")
		times = append(times, at+strings.Repeat(" host", strings.Count(what, "?card.local.")+strings.Count(what, "=card.local."))+
			strings.Repeat(" nut", strings.Count(what, "?card._nut")+strings.Count(what, "=card._nut._tcp.local./SRV")))
	}
	expect(t, times, "213ms host", "463ms host nut", "713ms host nut", "963ms nut", "963ms host", "1.213s nut", "2.213s host nut", "4.213s host nut", "8.213s host nut",
		"16.213s host nut", "32.213s host nut")
}
