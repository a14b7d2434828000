package mdns

import (
	"net/netip"
	"slices"
	"time"

	"github.com/miekg/dns"
)

// Receive takes a packet. What is malformed, or is none of our business, is dropped.
func (r *Responder) Receive(now time.Time, in Packet) {
	l := r.link(in.Link)
	in.Peer = netip.AddrPortFrom(in.Peer.Addr().Unmap().WithZone(""), in.Peer.Port())
	if l == nil || in.Peer.Port() == 0 || r.owns(in.Peer.Addr()) || len(in.Data) > MaxPacket || !l.heard.take(now) {
		return
	}
	var m dns.Msg
	if m.Unpack(in.Data) != nil || m.Opcode != dns.OpcodeQuery || m.Rcode != dns.RcodeSuccess { // RFC 6762, sections 18.3 and 18.11
		return
	}
	near := l.near(in.Peer.Addr())
	if !in.Group && !near { // whoever is farther away could not have sent to the group
		return
	}
	if m.Response {
		if in.Peer.Port() == Port {
			l.response(now, in, &m)
		}
		return
	}
	if in.Peer.Port() == Port {
		l.contend(now, &m)
	}
	l.query(now, in, &m, near)
}

// response takes what another machine says it has.
func (l *link) response(now time.Time, in Packet, m *dns.Msg) {
	lost := ""
	settled := make(map[string]bool) // names: a whole packet is one conflict
	for _, rr := range slices.Concat(m.Answer, m.Extra) {
		h := rr.Header()
		h.Class &^= flushBit
		name := fold(h.Name)
		if l.claims[name] == nil && l.named[name] == nil {
			continue
		}
		if l.claims[name] != nil && !settled[name] {
			before := l.claims[name].ours
			if give := l.object(now, rr); give != "" {
				lost = give
				break
			}
			settled[name] = before && !l.claims[name].ours
		}
		if in.Group {
			l.hear(now, rr)
		}
	}
	if lost != "" {
		l.r.rename(now, lost)
	}
}

// hear takes a record of ours that another machine has told the group. We need not repeat it (RFC 6762, section 7.4), unless others would
// forget it too soon (section 6.6).
func (l *link) hear(now time.Time, rr dns.RR) {
	k := key(rr)
	i := slices.IndexFunc(l.named[fold(rr.Header().Name)], func(r *record) bool { return r.key == k })
	if i < 0 {
		return
	}
	r := l.named[fold(rr.Header().Name)][i]
	switch ttl := rr.Header().Ttl; {
	case ttl >= r.ttl():
		if s := l.due[k]; s != nil && s.left == 0 {
			delete(l.due, k)
		}
		for _, p := range l.replies {
			p.group = slices.DeleteFunc(p.group, func(o *record) bool { return o.key == k })
		}
	case ttl < r.ttl()/2 && l.told[k] != nil:
		l.answer(r, now, pause)
	}
}
