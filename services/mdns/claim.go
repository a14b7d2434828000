package mdns

import (
	"slices"
	"time"

	"github.com/miekg/dns"
)

// claim is a name that nobody else may have, on one link.
type claim struct {
	name string
	ours bool      // nobody objected
	late bool      // another was first, and that was said
	sent int       // probes
	due  time.Time // of the next step, while it is not ours
}

// Probing (RFC 6762, sections 8.1, 8.2 and 9).
const (
	probes      = 3
	probePause  = 250 * time.Millisecond
	giveWay     = time.Second      // for one who probes for the same name at once, and comes first
	manyIn      = 10 * time.Second // so many conflicts in that time ...
	many        = 15
	longerPause = 5 * time.Second // ... make the next try wait
)

// claim begins to probe for the names that the records need, and forgets others.
func (l *link) claim(now time.Time) {
	wanted := make(map[string]bool)
	patience := l.r.patience(now)
	begin := later(now.Add(l.r.opts.Rand(probePause)), patience)
	soon := now.Add(probePause)
	for _, c := range l.claims {
		if !c.ours && c.sent < probes && !c.due.Before(patience) && !c.due.After(soon) { // one packet for all
			begin, soon = c.due, c.due
		}
	}
	for _, r := range l.records {
		for _, name := range r.claims {
			wanted[name] = true
			if l.claims[name] == nil {
				l.claims[name] = &claim{due: begin}
			}
		}
		if c := l.claims[r.name()]; c != nil {
			c.name = r.rr.Header().Name
		}
	}
	for name := range l.claims {
		if !wanted[name] {
			delete(l.claims, name)
		}
	}
}

func (l *link) settled() bool {
	for _, c := range l.claims {
		if !c.ours {
			return false
		}
	}
	return true
}

// probe asks for the names that are due, and takes those that were asked for often enough.
func (l *link) probe(now time.Time) {
	var ask []string
	taken := false
	for name, c := range l.claims {
		switch {
		case c.ours || c.due.After(now):
		case c.sent == probes:
			c.ours, taken = true, true
		default:
			c.sent++
			c.due = now.Add(probePause)
			ask = append(ask, name)
		}
	}
	slices.Sort(ask)
	for len(ask) > 0 {
		ask = l.ask(ask)
	}
	if taken {
		l.reconcile(now)
	}
}

// ask sends one probe for as many names as it holds, and returns the rest.
func (l *link) ask(names []string) []string {
	n := len(names)
	for {
		w := newWriter(l.size())
		fits := true
		for _, name := range names[:n] {
			fits = fits && w.question(l.claims[name].name, dns.TypeANY, dns.ClassINET|flushBit)
		}
		for _, name := range names[:n] {
			for _, rr := range l.proposed(name) {
				fits = fits && w.record(authority, rr)
			}
		}
		if fits || n == 1 {
			l.send(Packet{Group: true, Data: w.finish(0, 0)})
			return names[n:]
		}
		n /= 2
	}
}

// proposed are the records that we want to have of a name.
func (l *link) proposed(name string) (rrs []dns.RR) {
	for _, r := range l.named[name] {
		rrs = append(rrs, r.plain(r.ttl()))
	}
	return rrs
}

// contend settles who of two that probe for a name at once gives way.
func (l *link) contend(now time.Time, m *dns.Msg) {
	if len(m.Ns) == 0 {
		return
	}
	for _, q := range m.Question {
		name := fold(q.Name)
		c := l.claims[name]
		if c == nil || c.ours {
			continue
		}
		var theirs []dns.RR
		for _, rr := range m.Ns {
			if fold(rr.Header().Name) == name {
				theirs = append(theirs, rr)
			}
		}
		if len(theirs) > 0 && compareSets(l.proposed(name), theirs) < 0 {
			if !c.late {
				l.r.opts.Log.Info("another machine asks for the same name, it goes first", "name", c.name)
			}
			c.late = true
			c.sent, c.due = 0, now.Add(giveWay)
		}
	}
}

// object takes a record that another machine says it has. One of a name that we probe for, or one that cannot be beside ours, is a conflict
// (RFC 6762, sections 8.1 and 9). It returns the name to give up, "" for none.
func (l *link) object(now time.Time, rr dns.RR) string {
	h := rr.Header()
	name := fold(h.Name)
	c := l.claims[name]
	if c == nil || h.Ttl == 0 || h.Rrtype == dns.TypeNSEC || h.Rrtype == dns.TypeOPT || h.Class != dns.ClassINET || l.r.has(key(rr)) {
		return ""
	}
	switch {
	case c.ours:
	case c.sent == 0 && l.r.slowed(now): // it is asked again first
		return ""
	default:
		return name
	}
	if len(ofKind(l.named[name], h.Rrtype)) == 0 {
		return ""
	}
	l.r.opts.Log.Warn("another machine uses our name: asking for it again", "name", c.name, "they say", rr.String())
	l.r.noteConflict(now)
	l.again(now, name)
	return ""
}

// again probes for a name that was ours. Until that is over nothing is told of it, and what was told is not taken back: it may be another's.
func (l *link) again(now time.Time, name string) {
	c := l.claims[name]
	c.ours, c.sent, c.due = false, 0, later(now, l.r.patience(now))
	for key, r := range l.told {
		if r.claims[0] == name {
			delete(l.told, key)
			delete(l.due, key)
		}
	}
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

// has tells whether a record is ours, on whatever link: two interfaces may be on one network.
func (r *Responder) has(key string) bool {
	return slices.ContainsFunc(r.links, func(l *link) bool {
		return slices.ContainsFunc(l.records, func(o *record) bool { return o.key == key })
	})
}

// rename gives up a name. What is called after the host goes with it; its services are asked for again, since their records change too.
func (r *Responder) rename(now time.Time, name string) {
	r.noteConflict(now)
	before, wanted := r.names, r.opts.Names
	host := name == fold(hostName(r.names))
	if host {
		r.names.Host = another(wanted.Host, r.names.Host, "-", "")
	}
	if !host || wanted.Instance == wanted.Host {
		r.names.Instance = another(wanted.Instance, r.names.Instance, " (", ")")
	}
	for _, l := range r.links {
		for claimed := range l.claims {
			if host || claimed == name {
				l.again(now, claimed)
			}
		}
	}
	r.opts.Log.Warn("another machine has our name", "which", name, "had", before, "takes", r.names)
	r.reconcile(now)
}

func (r *Responder) noteConflict(now time.Time) {
	r.conflicts = append(r.conflicts, now)
	if len(r.conflicts) > many {
		r.conflicts = r.conflicts[1:]
	}
}

// patience is when a name may be asked for at the earliest.
func (r *Responder) patience(now time.Time) time.Time {
	if !r.slowed(now) {
		return now
	}
	return now.Add(longerPause)
}

// slowed tells whether there were too many conflicts of late.
func (r *Responder) slowed(now time.Time) bool {
	return len(r.conflicts) == many && now.Sub(r.conflicts[0]) <= manyIn
}
