package mdns

import (
	"encoding/binary"
	"net/netip"

	"github.com/miekg/dns"
)

// Sections of a message, in the order of the header's counters.
const (
	question = iota
	answer
	authority
	additional
)

// response marks an answer of one who is the authority for it; a query has no flag that matters (RFC 6762, section 18).
const response = 1<<15 | 1<<10

const headerSize = 12

// writer writes one message up to a size.
type writer struct {
	buf    []byte
	end    int
	names  map[string]int // that later ones may point to
	counts [4]uint16
}

func newWriter(size int) *writer {
	return &writer{buf: make([]byte, size), end: headerSize, names: make(map[string]int)}
}

// question tells whether a question had room. After one that had not, nothing more is written.
func (w *writer) question(name string, kind, class uint16) bool {
	end, err := dns.PackDomainName(name, w.buf, w.end, w.names, true)
	if err != nil || end+4 > len(w.buf) {
		return false
	}
	binary.BigEndian.PutUint16(w.buf[end:], kind)
	binary.BigEndian.PutUint16(w.buf[end+2:], class)
	w.end = end + 4
	w.counts[question]++
	return true
}

// record tells whether a record had room. After one that had not, nothing more is written.
func (w *writer) record(section int, rr dns.RR) bool {
	end, err := dns.PackRR(rr, w.buf, w.end, w.names, true)
	if err != nil {
		return false
	}
	w.end = end
	w.counts[section]++
	return true
}

func (w *writer) finish(id, flags uint16) []byte {
	binary.BigEndian.PutUint16(w.buf, id)
	binary.BigEndian.PutUint16(w.buf[2:], flags)
	for i, n := range w.counts {
		binary.BigEndian.PutUint16(w.buf[4+2*i:], n)
	}
	return w.buf[:w.end]
}

// pack writes answers into as few messages as they need, and as many additional records into the last one as it holds; it returns the
// number of these. Answers that no message can hold are left out.
func pack(size int, answers, extra []dns.RR) (messages [][]byte, sent int) {
	for len(answers) > 0 {
		w := newWriter(size)
		n := 0
		for n < len(answers) && w.record(answer, answers[n]) {
			n++
		}
		if n == len(answers) {
			for sent < len(extra) && w.record(additional, extra[sent]) {
				sent++
			}
		}
		answers = answers[max(n, 1):]
		if n > 0 {
			messages = append(messages, w.finish(0, response))
		}
	}
	return messages, sent
}

// size is how long a message may be without being taken apart on the way, in bytes.
func (l *link) size() int {
	const ethernet, headers4, headers6, least = 1500, 20 + 8, 40 + 8, 576
	mtu := ethernet
	if l.iface.MTU > 0 {
		mtu = min(max(l.iface.MTU, least), ethernet)
	}
	if l.id.V6 {
		return mtu - headers6
	}
	return mtu - headers4
}

// multicast sends records to the group, and returns how many of the additional ones went with them.
func (l *link) multicast(answers, extra []dns.RR) int {
	messages, sent := pack(l.size(), answers, extra)
	for _, m := range messages {
		l.send(Packet{Group: true, Data: m})
	}
	return sent
}

func (l *link) unicast(to netip.AddrPort, answers, extra []dns.RR) {
	messages, _ := pack(l.size(), answers, extra)
	for _, m := range messages {
		l.send(Packet{Peer: to, Data: m})
	}
}

func (l *link) send(p Packet) {
	p.Link = l.id
	l.r.out = append(l.r.out, p)
}
