// Package links carries the packets of a machine's multicast DNS over its network interfaces.
package links

import (
	"context"
	"log/slog"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/upscard/upscard/services/mdns"
)

// Options are what Run needs.
type Options struct {
	Responder *mdns.Responder
	Services  <-chan []mdns.Service // all of them, each time they have changed
	Settled   func(mdns.Names)      // called, often, while the names are known to be ours on every link; may be nil
	Asked     <-chan struct{}       // is received from while Run waits, as a sign that it turns; may be nil
	Ready     func()                // called once the interfaces are known; may be nil
	Log       *slog.Logger
}

// Run answers on all links of the machine until ctx ends, and then takes back what was told.
func Run(ctx context.Context, o Options) error {
	var beside sync.WaitGroup
	defer beside.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	found := make(chan []mdns.Interface)
	beside.Go(func() { watch(ctx, found, o.Log) })
	s := sockets{heard: make(chan mdns.Packet, 64), open: make(map[mdns.LinkID]*socket), refused: make(map[mdns.LinkID]string), log: o.Log}
	defer s.close()
	e := engine{Options: o, sockets: &s}
	e.run(ctx, found)
	return nil
}

// engine gives the Responder its packets and its time.
type engine struct {
	Options
	sockets *sockets
	found   []mdns.Interface
	said    mdns.Names
}

// again is when sockets that could not be made are tried again.
const again = 5 * time.Second

func (e *engine) run(ctx context.Context, found <-chan []mdns.Interface) {
	r := e.Responder
	timer := time.NewTimer(0)
	defer timer.Stop()
	var retry <-chan time.Time
	adopt := func() {
		ready, whole := e.sockets.follow(e.found)
		r.SetInterfaces(time.Now(), ready)
		retry = nil
		if !whole {
			retry = time.After(again)
		}
	}
	for {
		select {
		case <-ctx.Done():
			r.Goodbye()
			e.sockets.send(r.Packets())
			return
		case e.found = <-found:
			adopt()
			if e.Ready != nil {
				e.Ready()
				e.Ready = nil
			}
		case <-retry:
			adopt()
		case services := <-e.Services:
			r.SetServices(time.Now(), services)
		case p := <-e.sockets.heard:
			r.Receive(time.Now(), p)
		case <-timer.C:
		case <-e.Asked:
			continue
		}
		r.Advance(time.Now())
		e.sockets.send(r.Packets())
		e.settle()
		if next := r.Next(); !next.IsZero() {
			timer.Reset(time.Until(next))
		}
	}
}

// settle tells of names that are known to be ours.
func (e *engine) settle() {
	r := e.Responder
	if !r.Settled() {
		return
	}
	if n := r.Names(); n != e.said {
		e.said = n
		e.Log.Info("names are ours", "host", n.Host, "services", n.Instance)
	}
	if e.Settled != nil {
		e.Settled(r.Names())
	}
}

// same tells whether an interface is still as it was.
func same(a, b mdns.Interface) bool {
	return a.Index == b.Index && a.Name == b.Name && a.MTU == b.MTU && a.Generation == b.Generation && slices.Equal(a.Addrs, b.Addrs)
}

// of returns a function that tells whether an address is of the IP version.
func of(v6 bool) func(netip.Prefix) bool {
	return func(p netip.Prefix) bool { return p.Addr().Is6() == v6 }
}
