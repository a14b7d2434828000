// Package mdns answers for a machine and its services by multicast DNS (RFC 6762, RFC 6763).
//
// A Responder is a state machine: packets, changes and the time go in, packets and the time of its next turn come out. It knows no
// socket and no clock; services/mdns/links gives it both.
package mdns

import (
	"log/slog"
	"net/netip"
	"slices"
	"time"
)

// Port is where multicast DNS is spoken.
const Port = 5353

// MaxPacket is the largest message that is read, in bytes (RFC 6762, section 17).
const MaxPacket = 9000

// LinkID names a link: one IP version on one network interface. What is known on one link is never told on another.
type LinkID struct {
	Index int // of the interface
	V6    bool
}

// Interface is a network interface that packets can be sent on.
type Interface struct {
	Index      int
	Name       string
	MTU        int            // in bytes; 0 is Ethernet's
	Generation int            // another one: the interface was off the network since
	Addrs      []netip.Prefix // those that can be used
}

// Packet is a message of multicast DNS.
type Packet struct {
	Link  LinkID
	Peer  netip.AddrPort // where it came from or goes to
	Group bool           // it came to or goes to the multicast group; then one that goes has no Peer
	Data  []byte
}

// Service is one that the machine offers.
type Service struct {
	Type     string   // as "_nut._tcp"
	Name     string   // of one of several of its type, after what all are called; of the only one ""
	Subtypes []string // as "_upscard"
	Port     uint16
	TXT      []string     // as "key=value", at most 255 bytes each; what does not fit into maxTXT is left out
	Addrs    []netip.Addr // it can be reached by these only, unless there is none
}

// Names are a machine's host name, without ".local", and what its services are called.
type Names struct{ Host, Instance string }

// Options say who the machine is.
type Options struct {
	Names Names // as its owner wants them
	Last  Names // those that it had to take at last because of others; zero: none
	Rand  func(n time.Duration) time.Duration
	Log   *slog.Logger
}

// Responder is the state of all links. It is used by one goroutine.
type Responder struct {
	opts      Options
	names     Names
	services  []Service // in force
	wanted    []Service // to be in force as soon as changes allows
	changes   bucket
	links     []*link // in order of their ids
	conflicts []time.Time
	out       []Packet
}

// New returns a Responder that has no link and no service yet.
func New(opts Options) *Responder {
	r := &Responder{opts: opts, names: opts.Names, changes: newBucket(changeBurst, changePause)}
	if opts.Last != (Names{}) {
		r.names = opts.Last
	}
	return r
}

// A change of services is told at once, then less often: ten in a minute at most (RFC 6762, section 8.4).
const (
	changeBurst = 4
	changePause = 10 * time.Second
)

// Names are those in use, which conflicts change.
func (r *Responder) Names() Names { return r.names }

// Settled tells whether every name is known to be ours on every link, and there is one.
func (r *Responder) Settled() bool {
	return len(r.links) > 0 && !slices.ContainsFunc(r.links, func(l *link) bool { return !l.settled() })
}

// Packets returns those that are to be sent, and forgets them.
func (r *Responder) Packets() []Packet {
	out := r.out
	r.out = nil
	return out
}

// SetInterfaces says which interfaces there are now.
func (r *Responder) SetInterfaces(now time.Time, all []Interface) {
	var links []*link
	for _, i := range all {
		for _, v6 := range []bool{false, true} {
			if !slices.ContainsFunc(i.Addrs, func(p netip.Prefix) bool { return p.Addr().Is6() == v6 }) {
				continue
			}
			l := r.link(LinkID{i.Index, v6})
			if l == nil || l.iface.Generation != i.Generation {
				l = newLink(r, LinkID{i.Index, v6}, now)
			}
			l.iface = i
			links = append(links, l)
		}
	}
	slices.SortFunc(links, func(a, b *link) int { return a.id.compare(b.id) })
	r.links = links
	r.reconcile(now)
}

// SetServices says what the machine offers now.
func (r *Responder) SetServices(now time.Time, services []Service) {
	r.wanted = services
	r.change(now)
}

// change puts the wanted services in force, when that may be done.
func (r *Responder) change(now time.Time) {
	if slices.EqualFunc(r.wanted, r.services, Service.equal) || !r.changes.take(now) {
		return
	}
	r.services = r.wanted
	r.reconcile(now)
}

func (s Service) equal(o Service) bool {
	return s.Type == o.Type && s.Name == o.Name && s.Port == o.Port && slices.Equal(s.Subtypes, o.Subtypes) && slices.Equal(s.TXT, o.TXT) && slices.Equal(s.Addrs, o.Addrs)
}

// Next is when Advance wants to be called at the latest, zero when nothing is to be done.
func (r *Responder) Next() time.Time {
	var next time.Time
	sooner := func(t time.Time) {
		if next.IsZero() || t.Before(next) {
			next = t
		}
	}
	if !slices.EqualFunc(r.wanted, r.services, Service.equal) {
		sooner(r.changes.next())
	}
	for _, l := range r.links {
		l.each(sooner)
	}
	return next
}

// Advance does what is due.
func (r *Responder) Advance(now time.Time) {
	r.change(now)
	for _, l := range r.links {
		l.probe(now)
		l.reply(now)
		l.flush(now)
	}
}

// Goodbye takes back all that was told, for a machine that ends or goes off the network (RFC 6762, section 10.1).
func (r *Responder) Goodbye() {
	for _, l := range r.links {
		l.goodbye(l.told)
	}
	r.links, r.services, r.wanted = nil, nil, nil
}

func (r *Responder) link(id LinkID) *link {
	for _, l := range r.links {
		if l.id == id {
			return l
		}
	}
	return nil
}

// owns tells whether an address is this machine's, on whatever interface.
func (r *Responder) owns(a netip.Addr) bool {
	return slices.ContainsFunc(r.links, func(l *link) bool {
		return slices.ContainsFunc(l.iface.Addrs, func(p netip.Prefix) bool { return p.Addr() == a })
	})
}

func (r *Responder) reconcile(now time.Time) {
	for _, l := range r.links {
		l.reconcile(now)
	}
}

func (a LinkID) compare(b LinkID) int {
	switch {
	case a.Index != b.Index:
		return a.Index - b.Index
	case a.V6 == b.V6:
		return 0
	case b.V6:
		return -1
	}
	return 1
}
