package mdns

import (
	"encoding/binary"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// packets are what is sent in an ordinary day, and some that no one should send.
func packets(t testing.TB) (all [][]byte) {
	pack := func(m *dns.Msg) {
		data, err := m.Pack()
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, data)
	}
	a := func(text string) dns.RR {
		r, err := dns.NewRR(text)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	pack(&dns.Msg{Question: []dns.Question{q("_nut._tcp.local.", dns.TypePTR), qu("card.local.", dns.TypeANY)}, Answer: []dns.RR{a("_nut._tcp.local. 4500 IN PTR x._nut._tcp.local.")}})
	pack(&dns.Msg{Question: []dns.Question{qu("card.local.", dns.TypeANY)}, Ns: []dns.RR{a("card.local. 120 IN A 192.0.2.99")}})
	pack(&dns.Msg{MsgHdr: dns.MsgHdr{Response: true}, Answer: []dns.RR{a("card.local. 120 IN A 192.0.2.99"), a("card._nut._tcp.local. 120 IN SRV 0 0 1 x.local."),
		a("card.local. 120 IN NSEC card.local. A"), a(`card._nut._tcp.local. 0 IN TXT "x"`)}})
	pack(&dns.Msg{MsgHdr: dns.MsgHdr{Truncated: true}, Question: []dns.Question{q("_nut._tcp.local.", dns.TypePTR)}})
	pack(new(dns.Msg).SetQuestion("card.local.", dns.TypeA).SetEdns0(4096, true))
	loop := make([]byte, 12, 18)
	loop[5] = 1
	all = append(all, append(loop, 0xc0, 12, 0, 1, 0, 1))               // a name that points to itself
	many := binary.BigEndian.AppendUint16(make([]byte, 4, 9000), 65535) // more questions than it can hold
	many = append(many, 0, 0, 0, 0, 0, 0, 4, 'c', 'a', 'r', 'd', 5, 'l', 'o', 'c', 'a', 'l', 0, 0, 255, 0, 1)
	for len(many) < 8990 {
		many = append(many, 0xc0, 12, 0, 255, 0, 1)
	}
	return append(all, many, nil, []byte{0}, make([]byte, 12), make([]byte, MaxPacket+1))
}

// Whatever comes in: nobody is hurt, who cannot be on the link is not answered, and not much is said.
func FuzzReceive(f *testing.F) {
	for _, p := range packets(f) {
		f.Add(p, true, uint16(Port), uint8(99))
		f.Add(p, false, uint16(40000), uint8(200))
	}
	f.Fuzz(func(t *testing.T, data []byte, group bool, port uint16, peer uint8) {
		w := newWorld(t)
		w.add(card, Names{}, "2", nutService)
		w.run(3 * time.Second)
		w.asker().ask(q("card.local.", dns.TypeA))
		w.run(2 * time.Second)
		w.says()
		from := netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, 2 + peer/128, peer}), port)
		for range 2 {
			w.hosts[0].Receive(w.now, Packet{Link: LinkID{Index: 1}, Peer: from, Group: group, Data: data})
			w.run(time.Second)
		}
		w.run(10 * time.Second)
		total := 0
		for _, s := range w.log {
			total += len(s.p.Data)
			if !s.p.Group && (s.p.Peer != from || peer >= 128) {
				t.Errorf("answered %v, asked by %v", s.p.Peer, from)
			}
		}
		if len(w.log) > 40 || total > 20000 {
			t.Errorf("%d packets, %d bytes\n%s", len(w.log), total, strings.Join(w.says(), "\n"))
		}
	})
}

// A flood is not read, let alone answered.
func TestFlood(t *testing.T) {
	w := settled(t)
	h := w.hosts[0]
	for range 20000 {
		for _, p := range packets(t) {
			h.Receive(w.now, Packet{Link: LinkID{Index: 1}, Peer: netip.MustParseAddrPort("192.0.2.99:5353"), Group: true, Data: p})
		}
	}
	if l := h.link(LinkID{Index: 1}); len(l.replies) > maxReplies {
		t.Errorf("%d queries wait", len(l.replies))
	}
	w.run(5 * time.Second)
	if n := len(w.says()); n > 60 {
		t.Errorf("%d packets", n)
	}
	w.run(time.Minute) // it is over
	w.says()
	w.asker().ask(q(hostName(h.Names()), dns.TypeA))
	w.run(time.Second)
	if got := w.says(); len(got) != 1 {
		t.Errorf("after it: %q", got)
	}
}

// So many packets are read at once, and so many queries wait.
func TestLimits(t *testing.T) {
	w := settled(t)
	h := w.hosts[0]
	for range heardBurst {
		h.Receive(w.now, Packet{Link: LinkID{Index: 1}, Peer: netip.MustParseAddrPort("192.0.2.99:5353"), Group: true, Data: []byte{0}})
	}
	w.asker().ask(q("card.local.", dns.TypeA))
	w.run(time.Second)
	expect(t, answered(w))
	for i := range 4 * maxReplies {
		data, _ := (&dns.Msg{MsgHdr: dns.MsgHdr{Truncated: true}, Question: []dns.Question{q("card.local.", dns.TypeA)}}).Pack()
		h.Receive(w.now, Packet{Link: LinkID{Index: 1}, Peer: netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, 2, byte(i)}), Port), Group: true, Data: data})
	}
	if n := len(h.link(LinkID{Index: 1}).replies); n != maxReplies {
		t.Errorf("%d queries wait", n)
	}
	w.run(time.Second)
	expect(t, answered(w), all+"="+aRecord+" +"+aOnly)
}

// What is no query, no answer, or not whole, means nothing.
func TestMeaningless(t *testing.T) {
	ask := []dns.Question{q("card.local.", dns.TypeA)}
	claim := []dns.RR{rr(t, "card.local. 120 IN A 192.0.2.99")}
	whole, _ := (&dns.Msg{MsgHdr: dns.MsgHdr{Response: true}, Answer: claim}).Pack()
	lies := append([]byte(nil), whole...)
	lies[7] = 2 // two answers, of which the second one is half there
	for name, c := range map[string]struct {
		m    *dns.Msg
		data []byte
		port uint16
	}{
		"another operation": {&dns.Msg{MsgHdr: dns.MsgHdr{Opcode: dns.OpcodeUpdate}, Question: ask}, nil, Port},
		"an error":          {&dns.Msg{MsgHdr: dns.MsgHdr{Response: true, Rcode: dns.RcodeNameError}, Answer: claim}, nil, Port},
		"another port":      {&dns.Msg{MsgHdr: dns.MsgHdr{Response: true}, Answer: claim}, nil, 5354},
		"half":              {nil, append(lies, 1, 'x', 0, 0, 1, 0, 1, 0), Port},
		"taken back":        {&dns.Msg{MsgHdr: dns.MsgHdr{Response: true}, Answer: []dns.RR{rr(t, "card.local. 0 IN A 192.0.2.99")}}, nil, Port},
		"another kind":      {&dns.Msg{MsgHdr: dns.MsgHdr{Response: true}, Answer: []dns.RR{rr(t, "card.local. 120 IN HINFO a b")}}, nil, Port},
		"another class":     {&dns.Msg{MsgHdr: dns.MsgHdr{Response: true}, Answer: []dns.RR{rr(t, "card.local. 120 CH A 192.0.2.99")}}, nil, Port},
	} {
		t.Run(name, func(t *testing.T) {
			w := settled(t)
			data := c.data
			if data == nil {
				data, _ = c.m.Pack()
			}
			w.hosts[0].Receive(w.now, Packet{Link: LinkID{Index: 1}, Peer: netip.AddrPortFrom(netip.MustParseAddr("192.0.2.99"), c.port), Group: true, Data: data})
			if !w.hosts[0].Settled() {
				t.Error("it counts as a conflict")
			}
			w.run(10 * time.Second)
			expect(t, answered(w))
		})
	}
}

// The dearest packets that there can be cost little: a bound of time would depend on the machine, so it is one of memory.
func TestWork(t *testing.T) {
	for i, p := range packets(t) {
		w := settled(t)
		h := w.hosts[0]
		n := testing.AllocsPerRun(5, func() {
			w.now = w.now.Add(10 * time.Second)
			h.Receive(w.now, Packet{Link: LinkID{Index: 1}, Peer: netip.MustParseAddrPort("192.0.2.99:5353"), Group: true, Data: p})
			h.Advance(w.now)
			h.Packets()
		})
		if n > 10000 {
			t.Errorf("packet %d: %v allocations", i, n)
		}
	}
}

func BenchmarkReceive(b *testing.B) {
	h := New(Options{Names: card, Rand: func(time.Duration) time.Duration { return 0 }})
	now := began
	h.SetServices(now, []Service{nutService})
	h.SetInterfaces(now, []Interface{{Index: 1, Addrs: prefixes("192.0.2.2/24")}})
	for range 100 {
		now = now.Add(100 * time.Millisecond)
		h.Advance(now)
	}
	data := packets(b)[0]
	b.ReportAllocs()
	for b.Loop() {
		now = now.Add(2 * time.Second)
		h.Receive(now, Packet{Link: LinkID{Index: 1}, Peer: netip.MustParseAddrPort("192.0.2.99:5353"), Group: true, Data: data})
		now = now.Add(time.Second)
		h.Advance(now)
		h.Packets()
	}
}
