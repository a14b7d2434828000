package netconf

import (
	"context"
	"log/slog"
	"time"
)

// links names the interface to use; the channel is closed when it is another one or is in another state.
type links interface {
	current() (Link, <-chan struct{})
}

// system configures an interface. rank is the metric of its routes.
type system interface {
	setStatic(link Link, plan Plan, rank int) error
	setAddress(Link, Lease, time.Time) error
	setRoutes(link Link, lease Lease, rank int) error
	clear(Link) error
}

var (
	_ links  = (*slot)(nil)
	_ system = kernel{}
)

// runner configures one interface.
type runner struct {
	links      links
	plan       Plan
	rank       int
	system     system
	exchange   exchange
	resolver   *resolver // shared by all
	logger     *slog.Logger
	configured func()
}

// run ends with ctx.
func (r *runner) run(ctx context.Context) {
	for ctx.Err() == nil {
		r.serve(ctx)
	}
}

// serve configures one interface until it is gone, or ctx ends.
func (r *runner) serve(ctx context.Context) {
	link, changed := r.links.current()
	if link.Index == 0 {
		wait(ctx, changed, time.Time{})
		return
	}
	logger := r.logger.With("interface", link.Name)
	index := link.Index
	s := &session{runner: r, logger: logger, link: Link{Carrier: !link.Carrier, Losses: link.Losses}}
	for ctx.Err() == nil {
		link, changed = r.links.current()
		if link.Index != index {
			s.leave()
			return
		}
		s.look(link)
		s.step(ctx, changed)
	}
}
