package mdns

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// world is a virtual network: every packet to a group reaches every host on that link at once, and the time jumps from turn to turn.
type world struct {
	t     *testing.T
	now   time.Time
	hosts []*host
	log   []sent
}

// host is a machine in the world. Its interfaces have the indices of the networks that they are on.
type host struct {
	*Responder
	name   string
	ifaces []Interface
	off    bool
}

type sent struct {
	at   time.Duration
	from *host
	p    Packet
	m    *dns.Msg
}

var began = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func newWorld(t *testing.T) *world { return &world{t: t, now: began} }

// add brings a host onto network 1 with an address of each IP version: "2" is 192.0.2.2 and fe80::2.
func (w *world) add(names Names, last Names, number string, services ...Service) *host {
	random := rand.New(rand.NewPCG(uint64(len(w.hosts)), 7))
	h := &host{name: number, Responder: New(Options{Names: names, Last: last, Log: slog.New(slog.DiscardHandler),
		Rand: func(n time.Duration) time.Duration { return time.Duration(random.Int64N(int64(n))) }})}
	h.ifaces = []Interface{{Index: 1, Name: "eth0", Addrs: prefixes("192.0.2."+number+"/24", "fe80::"+number+"/64")}}
	w.hosts = append(w.hosts, h)
	h.SetServices(w.now, services)
	h.SetInterfaces(w.now, h.ifaces)
	return h
}

func prefixes(list ...string) (all []netip.Prefix) {
	for _, s := range list {
		all = append(all, netip.MustParsePrefix(s))
	}
	return all
}

// run lets time pass.
func (w *world) run(d time.Duration) {
	end := w.now.Add(d)
	for turns := 0; ; turns++ {
		if turns > 100000 {
			w.t.Fatal("time does not pass")
		}
		w.deliver()
		next := end
		for _, h := range w.hosts {
			if at := h.Next(); !at.IsZero() && at.Before(next) {
				next = at
			}
		}
		if next.After(w.now) {
			w.now = next
		}
		for _, h := range w.hosts {
			h.Advance(w.now)
		}
		w.deliver()
		if !w.now.Before(end) && !slices.ContainsFunc(w.hosts, func(h *host) bool { at := h.Next(); return !at.IsZero() && !at.After(w.now) }) {
			return
		}
	}
}

// deliver hands on what was sent, until nobody has anything to say.
func (w *world) deliver() {
	for again := true; again; {
		again = false
		for _, h := range w.hosts {
			for _, p := range h.Packets() {
				again = true
				w.carry(h, p)
			}
		}
	}
}

func (w *world) carry(from *host, p Packet) {
	m := new(dns.Msg)
	if err := m.Unpack(p.Data); err != nil {
		w.t.Fatalf("%s sent what cannot be read: %v", from.name, err)
	}
	w.log = append(w.log, sent{w.now.Sub(began), from, p, m})
	in := p
	in.Peer = netip.AddrPortFrom(from.address(p.Link), Port)
	for _, to := range w.hosts {
		if to != from && !to.off && !from.off && (p.Group || to.address(p.Link) == p.Peer.Addr()) {
			to.Receive(w.now, in)
		}
	}
}

func (h *host) address(l LinkID) netip.Addr {
	for _, i := range h.ifaces {
		for _, a := range i.Addrs {
			if i.Index == l.Index && a.Addr().Is6() == l.V6 {
				return a.Addr()
			}
		}
	}
	return netip.Addr{}
}

// says lists what was sent since the last call, one line a packet.
func (w *world) says() (lines []string) {
	for _, s := range w.log {
		lines = append(lines, s.String())
	}
	w.log = nil
	return lines
}

func (s sent) String() string {
	var b strings.Builder
	to := "group"
	if !s.p.Group {
		to = s.p.Peer.String()
	}
	version := 4
	if s.p.Link.V6 {
		version = 6
	}
	fmt.Fprintf(&b, "%v %s/%d.%d>%s:", s.at.Round(time.Millisecond), s.from.name, s.p.Link.Index, version, to)
	for _, q := range s.m.Question {
		fmt.Fprintf(&b, " ?%s %s", q.Name, dns.TypeToString[q.Qtype])
	}
	for i, section := range [][]dns.RR{s.m.Answer, s.m.Ns, s.m.Extra} {
		for _, rr := range section {
			fmt.Fprintf(&b, " %c%s", "=~+"[i], short(rr))
		}
	}
	return b.String()
}

// short is a record in brief, with ! for a complete set and its time to live.
func short(rr dns.RR) string {
	h := rr.Header()
	text := strings.ReplaceAll(strings.TrimPrefix(rr.String(), h.String()), " ", ",")
	flush := ""
	if h.Class&flushBit != 0 {
		c := dns.Copy(rr)
		c.Header().Class &^= flushBit
		text = strings.ReplaceAll(strings.TrimPrefix(c.String(), c.Header().String()), " ", ",")
		flush = "!"
	}
	return fmt.Sprintf("%s/%s%s/%d/%s", h.Name, dns.TypeToString[h.Rrtype], flush, h.Ttl, text)
}

// asker is a machine that is no responder: it sends what a test wants, from 192.0.2.99 or fe80::99.
type asker struct {
	w    *world
	link LinkID
	port uint16
}

func (w *world) asker() asker { return asker{w, LinkID{Index: 1}, Port} }

func (a asker) addr() netip.AddrPort {
	if a.link.V6 {
		return netip.AddrPortFrom(netip.MustParseAddr("fe80::99"), a.port)
	}
	return netip.AddrPortFrom(netip.MustParseAddr("192.0.2.99"), a.port)
}

func (a asker) send(m *dns.Msg) {
	a.w.t.Helper()
	data, err := m.Pack()
	if err != nil {
		a.w.t.Fatal(err)
	}
	for _, h := range a.w.hosts {
		if !h.off {
			h.Receive(a.w.now, Packet{Link: a.link, Peer: a.addr(), Group: true, Data: data})
		}
	}
}

// ask sends one query; types are given by name.
func (a asker) ask(questions ...dns.Question) { a.send(&dns.Msg{Question: questions}) }

func q(name string, kind uint16) dns.Question {
	return dns.Question{Name: name, Qtype: kind, Qclass: dns.ClassINET}
}

func qu(name string, kind uint16) dns.Question {
	return dns.Question{Name: name, Qtype: kind, Qclass: dns.ClassINET | flushBit}
}

func rr(t *testing.T, text string) dns.RR {
	t.Helper()
	r, err := dns.NewRR(text)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

var nutService = Service{Type: "_nut._tcp", Subtypes: []string{"_upscard"}, Port: 3493, TXT: []string{"txtvers=1", "device_list=ups"}}

var card = Names{"card", "card"}
