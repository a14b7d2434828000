package netconf

import (
	"context"
	"errors"
	"log/slog"
	"time"
)

// session is the life of one interface.
type session struct {
	*runner
	logger  *slog.Logger
	machine Machine
	link    Link
	applied Lease // what the interface is configured with; zero: nothing
	fixed   bool  // the plan's addresses are set, since the link changed last
	told    bool  // of the plan's addresses
	silent  bool  // it was said that no server answers
}

// look takes the interface's state.
func (s *session) look(link Link) {
	if link.Carrier != s.link.Carrier || link.Losses != s.link.Losses {
		s.logger.Info("link", "carrier", link.Carrier)
	}
	if link.Losses != s.link.Losses {
		s.machine.SetLink(false)
	}
	s.machine.SetLink(link.Carrier)
	s.fixed = s.fixed && link.equal(s.link)
	s.link = link
}

// step does what the machine says is next. It returns early when changed is closed.
func (s *session) step(ctx context.Context, changed <-chan struct{}) {
	if retry := s.fix(); !retry.IsZero() || !s.plan.DHCP {
		wait(ctx, changed, retry)
		return
	}
	s.apply()
	step, until := s.machine.Next(time.Now())
	if step == Rest {
		wait(ctx, changed, until)
		return
	}
	held, _ := s.machine.Lease(time.Now())
	got, err := s.ask(ctx, step, held, changed)
	now := time.Now()
	switch {
	case err == nil:
		s.silent = false
		s.machine.Got(got)
		s.apply()
	case ctx.Err() != nil || isClosed(changed):
		// The answer does not matter: ctx or the link is not what it was.
	case errors.Is(err, errRefused):
		s.logger.Warn("lease is refused", "step", step)
		s.machine.Refused(now)
	default:
		if !s.silent {
			s.logger.Warn("no answer from a DHCP server, trying on", "step", step, "err", err)
		}
		s.silent = true
		s.machine.Failed(step, now)
	}
}

// ask takes a step that ends with ctx, when changed is closed, or when it has lost its point: a renewal with the time for it, any other
// step with the lease held.
func (s *session) ask(ctx context.Context, step Step, held Lease, changed <-chan struct{}) (Lease, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if held.Duration > 0 {
		var release context.CancelFunc
		deadline := held.Expiry()
		if step == Renew {
			deadline = held.Rebinding()
		}
		ctx, release = context.WithDeadline(ctx, deadline)
		defer release()
	}
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		wait(ctx, changed, time.Time{})
		cancel()
	}()
	lease, err := s.exchange(ctx, s.link, step, held)
	cancel()
	<-watched
	return lease, err
}

// apply makes the interface what the machine's lease says. A renewal only moves the address's end of life.
func (s *session) apply() {
	now := time.Now()
	lease, held := s.machine.Lease(now)
	switch {
	case held && lease.Acquired.Equal(s.applied.Acquired):
	case held:
		if err := s.system.setAddress(s.link, lease, now); err != nil {
			s.logger.Error("address is not set", "err", err)
			s.machine.Refused(now) // try again, with a pause
			return
		}
		if err := s.system.setRoutes(s.link, lease, s.rank); err != nil { // with what is left, neighbours can reach us
			s.logger.Error("not all routes are set", "err", err)
		}
		s.tell(lease)
		s.applied = lease
		s.configured()
	case s.applied.Duration > 0:
		s.logger.Warn("address is gone", "address", s.applied.Address)
		s.withdraw()
	}
}

// tell writes down and says what is new in a lease.
func (s *session) tell(lease Lease) {
	level := slog.LevelDebug
	if !lease.same(s.applied) {
		level = slog.LevelInfo
		s.resolve(lease)
	}
	s.logger.Log(context.Background(), level, "address", "address", lease.Address, "server", lease.Server,
		"routes", len(lease.Routes), "dns", len(lease.DNS), "lease", lease.Duration)
}

func (s *session) withdraw() {
	if err := s.system.clear(s.link); err != nil {
		s.logger.Error("address is not taken away", "err", err)
	}
	s.resolve(Lease{})
	s.applied = Lease{}
}

// leave takes back what is known of an interface that is gone.
func (s *session) leave() {
	s.logger.Info("interface is gone")
	if s.applied.Duration > 0 {
		s.withdraw()
	}
}

// fixRetry is the pause before addresses are set again that were not.
const fixRetry = 5 * time.Second

// fix sets the plan's own addresses once the interface is up, and again when its link has changed, which can take routes away. It
// returns when to try again; the zero time is when the link changes.
func (s *session) fix() (retry time.Time) {
	if s.fixed || !s.link.Up || len(s.plan.Addresses) == 0 {
		return time.Time{}
	}
	if err := s.system.setStatic(s.link, s.plan, s.rank); err != nil {
		s.logger.Error("address is not set", "err", err)
		return time.Now().Add(fixRetry)
	}
	if !s.told {
		s.logger.Info("address", "addresses", s.plan.Addresses, "gateways", s.plan.Gateways)
	}
	s.fixed, s.told = true, true
	s.configured()
	return time.Time{}
}

func (s *session) resolve(lease Lease) {
	if err := s.resolver.set(s.rank, lease); err != nil {
		s.logger.Error("names cannot be resolved", "err", err)
	}
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
