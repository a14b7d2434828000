package mdns

import (
	"net/netip"
	"slices"
	"time"

	"github.com/miekg/dns"
)

// reply is what one query is answered with.
type reply struct {
	began  time.Time
	due    time.Time
	to     netip.AddrPort
	direct []*record // by unicast
	group  []*record
	defend bool // the query is a probe
	more   bool // of what the asker knows comes in other packets
}

// Delays of answers (RFC 6762, sections 6 and 7.2). Others may have an answer to the same question, so ours waits for theirs; and for the rest of
// what the asker knows already, where that did not fit into one packet.
const (
	shortest   = 20 * time.Millisecond
	spread     = 100 * time.Millisecond
	restOfIt   = 400 * time.Millisecond
	restSpread = 100 * time.Millisecond
)

// longest is how long who sends more and more of what it knows can put off its answer.
const longest = 2 * time.Second

// maxReplies bounds the queries that wait for their answer.
const maxReplies = 64

// query answers a query, at once or later.
func (l *link) query(now time.Time, in Packet, m *dns.Msg, near bool) {
	if in.Peer.Port() != Port {
		if near && !m.Truncated {
			l.conventional(now, in.Peer, m)
		}
		return
	}
	has := l.knownOf(m.Answer)
	for _, p := range l.replies { // the rest of what it knows
		if p.to == in.Peer {
			p.direct, p.group = slices.DeleteFunc(p.direct, has.has), slices.DeleteFunc(p.group, has.has)
			if p.more && m.Truncated && now.Sub(p.began) < longest {
				p.due = now.Add(restOfIt + l.r.opts.Rand(restSpread))
			}
		}
	}
	if len(l.replies) >= maxReplies {
		return
	}
	p := &reply{began: now, due: now, to: in.Peer, defend: len(m.Ns) > 0, more: m.Truncated}
	seen := make(known)
	for _, q := range m.Question {
		direct := near && (q.Qclass&flushBit != 0 || !in.Group)
		for _, r := range l.answers(q) {
			if has.has(r) || seen.has(r) {
				continue
			}
			seen[r.key] = true
			if direct && now.Sub(l.last[r.key]) < time.Duration(r.ttl())*time.Second/4 { // RFC 6762, section 5.4
				p.direct = append(p.direct, r)
			} else {
				p.group = append(p.group, r)
			}
		}
	}
	if len(seen) == 0 {
		return
	}
	l.delay(p, m)
	l.replies = append(l.replies, p)
}

// delay sets when the query is answered.
func (l *link) delay(p *reply, m *dns.Msg) {
	shared := func(r *record) bool { return !r.unique }
	switch {
	case p.defend:
	case m.Truncated:
		p.due = p.due.Add(restOfIt + l.r.opts.Rand(restSpread))
	case len(m.Question) > 1 || slices.ContainsFunc(p.direct, shared) || slices.ContainsFunc(p.group, shared):
		p.due = p.due.Add(shortest + l.r.opts.Rand(spread))
	}
}

// known are the keys of records that an asker has already.
type known map[string]bool

func (k known) has(r *record) bool { return k[r.key] }

// knownOf are those of ours that an asker has for half of their time or more (RFC 6762, section 7.1).
func (l *link) knownOf(list []dns.RR) known {
	has := make(known)
	for _, rr := range list {
		h := rr.Header()
		h.Class &^= flushBit
		of := l.named[fold(h.Name)]
		if len(of) == 0 {
			continue
		}
		k := key(rr)
		for _, r := range append(of[:len(of):len(of)], nothing(of)) {
			if r.key == k && h.Ttl >= r.ttl()/2 {
				has[k] = true
			}
		}
	}
	return has
}

// answers are the records that answer a question, or the one that says that there is none.
func (l *link) answers(q dns.Question) (list []*record) {
	if class := q.Qclass &^ flushBit; class != dns.ClassINET && class != dns.ClassANY {
		return nil
	}
	var ours []*record
	for _, r := range l.named[fold(q.Name)] {
		if !l.live(r) {
			continue
		}
		ours = append(ours, r)
		if q.Qtype == dns.TypeANY || q.Qtype == r.kind() {
			list = append(list, r)
		}
	}
	if len(list) == 0 && len(ours) > 0 && ours[0].unique {
		return []*record{nothing(ours)}
	}
	return list
}

// reply answers the queries that are due.
func (l *link) reply(now time.Time) {
	var later []*reply
	for _, p := range l.replies {
		if p.due.After(now) {
			later = append(later, p)
			continue
		}
		p.direct = slices.DeleteFunc(p.direct, func(r *record) bool { return !l.live(r) })
		if len(p.direct) > 0 && l.direct.take(now) {
			extra := l.additional(p.direct, func(*record) bool { return true })
			l.unicast(p.to, wires(p.direct), wires(extra))
			p.direct = nil
		}
		atLeast := pause
		if p.defend {
			atLeast = defendPause
		}
		for _, r := range slices.Concat(p.group, p.direct) {
			l.answer(r, now, atLeast)
		}
	}
	l.replies = later
}

// What one who does not know multicast DNS is told (RFC 6762, section 6.7): for how long at most in seconds, and in how many bytes.
const (
	conventionalTTL  = 10
	conventionalSize = 512
)

// conventional answers a query of one who does not know multicast DNS, as a name server would.
func (l *link) conventional(now time.Time, to netip.AddrPort, m *dns.Msg) {
	if len(m.Question) != 1 {
		return
	}
	q := m.Question[0]
	list := l.answers(q)
	if len(list) == 0 || !l.direct.take(now) {
		return
	}
	w := newWriter(conventionalSize)
	if !w.question(q.Name, q.Qtype, q.Qclass) {
		return
	}
	for _, r := range list {
		if r.kind() != dns.TypeNSEC && !w.record(answer, r.plain(min(r.ttl(), conventionalTTL))) {
			break
		}
	}
	l.send(Packet{Peer: to, Data: w.finish(m.Id, response|recursion(m))})
}

// recursion is the flag that a name server repeats.
func recursion(m *dns.Msg) uint16 {
	if m.RecursionDesired {
		return 1 << 8
	}
	return 0
}
