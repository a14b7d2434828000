package mdns

import (
	"maps"
	"net/netip"
	"slices"
	"time"

	"github.com/miekg/dns"
)

// link is what is known on one link.
type link struct {
	r       *Responder
	id      LinkID
	iface   Interface
	since   time.Time
	claims  map[string]*claim // by name, folded
	records []*record
	named   map[string][]*record // by name, folded
	told    map[string]*record   // those that others may have in their caches, by key
	last    map[string]time.Time // when one was sent to the group, by key
	due     map[string]*sending  // to the group, by key
	replies []*reply             // to queries
	heard   bucket               // packets that are read
	direct  bucket               // answers by unicast
}

// Packets in a second and at once: what comes in beyond is not read, what would go out by unicast beyond goes to the group, where
// each record is sent once a second at most.
const (
	heardBurst, heardPause   = 500, time.Second / 250
	directBurst, directPause = 40, time.Second / 20
)

// A sending is a record that goes to the group.
type sending struct {
	record *record
	at     time.Time
	left   int           // times that it is announced, this one included; 0: it is an answer
	pause  time.Duration // to the next time, then twice that
}

// Announcements and the first pause between them, which doubles (RFC 6762, section 8.3); it is also the shortest time between a record and
// the same record (section 6). Who defends a name need not wait for that long. On a new link the last one comes 31 s after the first: a
// switch that starts together with us forwards nothing for up to 30 s.
const (
	announcements = 2
	atFirst       = 6
	newFor        = time.Minute
	pause         = time.Second
	defendPause   = 250 * time.Millisecond
)

func newLink(r *Responder, id LinkID, now time.Time) *link {
	return &link{r: r, id: id, since: now, claims: make(map[string]*claim), told: make(map[string]*record), last: make(map[string]time.Time),
		due: make(map[string]*sending), heard: newBucket(heardBurst, heardPause), direct: newBucket(directBurst, directPause)}
}

// each calls f with the times of all that is to be done.
func (l *link) each(f func(time.Time)) {
	for _, c := range l.claims {
		if !c.ours {
			f(c.due)
		}
	}
	for _, s := range l.due {
		f(s.at)
	}
	for _, r := range l.replies {
		f(r.due)
	}
}

// live tells whether a record may be told: its names are ours.
func (l *link) live(r *record) bool {
	return !slices.ContainsFunc(r.claims, func(name string) bool { return l.claims[name] == nil || !l.claims[name].ours })
}

// reconcile makes what is told equal to what is.
func (l *link) reconcile(now time.Time) {
	l.records = l.r.records(l)
	l.named = make(map[string][]*record)
	current := make(map[string]*record)
	for _, r := range l.records {
		if current[r.key] == nil {
			l.named[r.name()] = append(l.named[r.name()], r)
		}
		current[r.key] = r
	}
	l.claim(now)
	l.takeBack(current)
	maps.DeleteFunc(l.due, func(key string, _ *sending) bool { return current[key] == nil })
	maps.DeleteFunc(l.last, func(key string, at time.Time) bool { return current[key] == nil && now.Sub(at) > pause })
	for _, r := range l.records {
		if l.told[r.key] == nil && l.live(r) {
			l.announce(r, now)
		}
	}
}

// announce tells a record, and with it the set that it belongs to if others forget that.
func (l *link) announce(r *record, now time.Time) {
	var set []*record
	at := now
	for _, other := range l.named[r.name()] {
		if other == r || r.unique && other.sameSet(r) && l.live(other) {
			set = append(set, other)
			at = later(at, l.soonest(other, pause))
		}
	}
	times := announcements
	if now.Sub(l.since) < newFor {
		times = atFirst
	}
	for _, other := range set {
		l.told[other.key] = other
		l.due[other.key] = &sending{record: other, at: at, left: times, pause: pause}
	}
}

// soonest is when a record may be sent to the group again.
func (l *link) soonest(r *record, atLeast time.Duration) time.Time {
	if last, sent := l.last[r.key]; sent {
		return last.Add(atLeast)
	}
	return time.Time{}
}

// takeBack takes back what was told and is no more. What is left of a unique set, announced anew, replaces all of it.
func (l *link) takeBack(current map[string]*record) {
	gone := make(map[string]*record)
	for key, r := range l.told {
		if current[key] != nil {
			continue
		}
		delete(l.told, key)
		if !r.unique || !slices.ContainsFunc(l.named[r.name()], r.sameSet) {
			gone[key] = r
			continue
		}
		for _, other := range l.named[r.name()] { // a set that has only lost something is announced too
			if other.sameSet(r) {
				delete(l.told, other.key)
			}
		}
	}
	l.goodbye(gone)
}

// goodbye takes records back (RFC 6762, section 10.1).
func (l *link) goodbye(gone map[string]*record) {
	list := slices.SortedFunc(maps.Values(gone), byKey)
	rrs := make([]dns.RR, len(list))
	for i, r := range list {
		rrs[i] = r.wire(0)
	}
	l.multicast(rrs, nil)
}

// flush sends to the group what is due.
func (l *link) flush(now time.Time) {
	var list []*record
	for key, s := range l.due {
		if s.at.After(now) {
			continue
		}
		if s.left--; s.left > 0 {
			s.at, s.pause = now.Add(s.pause), 2*s.pause
			l.gather(s)
		} else {
			delete(l.due, key)
		}
		if l.live(s.record) {
			list = append(list, s.record)
		} else { // it is announced once it may be told again
			delete(l.told, key)
			delete(l.due, key)
		}
	}
	if len(list) == 0 {
		return
	}
	slices.SortFunc(list, byKey)
	extra := l.additional(list, func(r *record) bool { return now.Sub(l.last[r.key]) >= pause })
	sent := l.multicast(wires(list), wires(extra))
	for _, r := range slices.Concat(list, extra[:sent]) {
		l.last[r.key] = now
	}
}

// gather has other announcements that would come a little before this one wait for it: one packet for all.
func (l *link) gather(with *sending) {
	for _, s := range l.due {
		if s.left > 0 && s.pause > pause && s.at.Before(with.at) && with.at.Sub(s.at) <= probePause {
			s.at = with.at
		}
	}
}

func wires(list []*record) []dns.RR {
	rrs := make([]dns.RR, len(list))
	for i, r := range list {
		rrs[i] = r.wire(r.ttl())
	}
	return rrs
}

// answer sends a record to the group at the time, or as soon after it as that may be.
func (l *link) answer(r *record, at time.Time, atLeast time.Duration) {
	at = later(at, l.soonest(r, atLeast))
	if s := l.due[r.key]; s != nil {
		if at.Before(s.at) {
			s.at = at
		}
		return
	}
	l.due[r.key] = &sending{record: r, at: at}
}

// additional are the records that whoever asked for the list will want next (RFC 6763, section 12), as far as they are wanted.
func (l *link) additional(list []*record, wanted func(*record) bool) (extra []*record) {
	have := make(map[string]bool)
	for _, r := range list {
		have[r.key] = true
	}
	add := func(all ...*record) {
		for _, r := range all {
			if !have[r.key] && l.live(r) && wanted(r) {
				have[r.key] = true
				extra = append(extra, r)
			}
		}
	}
	addresses := func(host string) {
		of := l.named[fold(host)]
		for _, kind := range []uint16{dns.TypeA, dns.TypeAAAA} {
			if all := ofKind(of, kind); len(all) > 0 {
				add(all...)
			} else if len(of) > 0 {
				add(nothing(of))
			}
		}
	}
	for _, r := range list {
		switch rr := r.rr.(type) {
		case *dns.PTR:
			for _, of := range l.named[fold(rr.Ptr)] {
				if srv, ok := of.rr.(*dns.SRV); ok {
					add(of)
					add(ofKind(l.named[of.name()], dns.TypeTXT)...)
					addresses(srv.Target)
				}
			}
		case *dns.SRV:
			addresses(rr.Target)
		case *dns.A, *dns.AAAA:
			addresses(rr.Header().Name)
		}
	}
	return extra
}

func ofKind(all []*record, kind uint16) (some []*record) {
	for _, r := range all {
		if r.kind() == kind {
			some = append(some, r)
		}
	}
	return some
}

// near tells whether an address is on the link, by the interface's own addresses (RFC 6762, section 11).
func (l *link) near(a netip.Addr) bool {
	if !a.IsValid() || a.IsMulticast() || a.IsUnspecified() || a.Is6() != l.id.V6 {
		return false
	}
	if a.IsLinkLocalUnicast() {
		return true
	}
	return slices.ContainsFunc(l.iface.Addrs, func(p netip.Prefix) bool { return p.Contains(a) })
}
