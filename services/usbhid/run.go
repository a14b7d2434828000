package usbhid

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/upscard/upscard/services/ups"
)

// session is one Run. All of it belongs to Run's goroutine; only the box is shared with the one that listens for interrupts.
type session struct {
	*UPS
	reader *reader
	store  *ups.Store
	box    *mailbox

	plan                 map[class][]key
	queue                []key // reports of the pass through everything but the status that are still to be read
	statusDue, seldomDue time.Time

	fresh       bool      // every status report could be read
	complete    bool      // everything was read once
	readAt      time.Time // of the last whole status round
	began       time.Time // of the last status round
	trouble     trouble
	silent      int      // rounds without any answer since the last answer
	restless    int      // times in a row that readings of the status did not agree
	proof       int      // rounds in a row that must bring nothing new before data are fresh again
	mute        bool     // nothing at all was answered in the last round
	recheck     int      // quick rounds that are left after an interrupt that could not be confirmed
	doubted     flag     // what a report would have changed that could not be confirmed
	pending     readings // what such a report said, where only interrupts tell
	pendingAt   time.Time
	warned      time.Time // when an unconfirmed report was last logged
	complaining time.Time // since when a hesitant UPS complains of its battery
	offSince    time.Time // since when the UPS says that it is off, until that is believed
	said        string    // the last ups.status
	deaf        int       // rounds since a UPS that is read by interrupts alone last answered
	discharge   dischargeWatch
	order       *order // was taken from the desk
	heard       *identification
}

// Run keeps store up to date until ctx ends, for which it returns nil, or the device is gone: then the error wraps
// usb.ErrGone; or until the data have been stale for so long that the device should be opened anew: then it wraps ErrUnread. It may be
// called once.
func (u *UPS) Run(ctx context.Context, store *ups.Store) error {
	ctx, cancel := context.WithCancel(ctx)
	var listening sync.WaitGroup
	defer listening.Wait()
	defer cancel()

	s := u.session(store)
	u.warnOfDelays()
	if u.model.family.interrupts(u.dev.ID()) && !u.opts.Tuning.PollOnly {
		listening.Go(func() { u.listen(ctx, s.box) })
	}
	defer s.dismiss()
	for ctx.Err() == nil {
		if err := s.step(); err != nil {
			s.stale()
			return fmt.Errorf("%v: %w", u.dev.ID(), err)
		}
		s.wait(ctx)
	}
	return nil
}

// session begins a Run.
func (u *UPS) session(store *ups.Store) *session {
	u.model.kept = u.opts.Desk.kept
	r := newReader(u.dev, u.model, u.log)
	r.proven = u.opts.Desk.proven
	return &session{UPS: u, reader: r, store: store, box: newMailbox(), plan: u.model.plan()}
}

// step does what is due: interrupts first, then the status, then one report of the rest. It fails as Run does.
func (s *session) step() error {
	packets, err := s.box.take()
	if err != nil {
		return err
	}
	for _, p := range packets {
		if err := s.packet(p); err != nil {
			return err
		}
	}
	if did, err := s.sound(); did {
		return err
	}
	if s.ordered() {
		return s.serve()
	}
	switch now := time.Now(); {
	case !now.Before(s.roundDue()):
		return s.statusRound()
	case len(s.queue) > 0:
		return s.readNext()
	case s.fresh && !now.Before(s.seldomDue):
		return s.startPass(now)
	}
	return nil
}

// wait sleeps until something is due or has arrived.
func (s *session) wait(ctx context.Context) {
	if len(s.queue) > 0 {
		return
	}
	due := s.roundDue()
	if s.fresh && s.seldomDue.Before(due) {
		due = s.seldomDue
	}
	if s.heard != nil && s.heard.due.Before(due) {
		due = s.heard.due
	}
	timer := time.NewTimer(time.Until(due))
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	case <-s.box.ready:
	case o := <-s.opts.Desk.orders:
		s.order = &o
	case <-s.opts.Asked:
	}
}

// publish stores a snapshot, once everything was read.
func (s *session) publish() {
	if !s.fresh {
		s.stale()
		return
	}
	if !s.complete {
		return
	}
	vars := s.model.vars(s.driverVars())
	s.remark(vars)
	if said := vars["ups.status"].Value; said != s.said {
		s.log.Info("status changed", "from", s.said, "to", said)
		s.said = said
		if s.store.Get().Freshness() == ups.Fresh {
			s.seldomDue = time.Now() // voltages and the like changed with it
		}
	}
	s.store.Set(ups.NewSnapshot(vars, s.model.offered(), ups.Fresh, s.readAt))
}

// stale says that the values can no longer be trusted.
func (s *session) stale() {
	s.fresh = false
	last := s.store.Get()
	if last.Freshness() == ups.Stale {
		return
	}
	s.store.Set(last.With(ups.Stale))
	s.log.Warn("data are stale", "age", age(last))
}

// age is how long ago the UPS confirmed a snapshot.
func age(s *ups.Snapshot) string {
	if s.Read().IsZero() {
		return "never read"
	}
	return time.Since(s.Read()).Round(time.Millisecond).String()
}
