package usbhid

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// ErrUnread is wrapped by Run's error when the status could not be read for so long that only opening the device anew, or more, may help.
var ErrUnread = errors.New("the status cannot be read any more")

// ErrMute is wrapped besides where nothing else can be read either.
var ErrMute = errors.New("nothing is answered")

// Times of a device that does not answer as it did. The documentation of services/usbdriver has the table of what follows when.
const (
	troubled    = 2 * time.Second        // from one round to the next while a status report fails, less where the poll interval is less
	breather    = 500 * time.Millisecond // between two such rounds at least
	giveUp      = 4 * time.Second        // from the first failure, if data are stale by then
	giveUpAgain = time.Second            // in place of giveUp for a device that was given up and opened anew
)

// trouble is since when the status cannot be read whole; zero while it can.
type trouble struct{ since time.Time }

// note takes what a round was like that began then.
func (t *trouble) note(bad bool, began time.Time) {
	switch {
	case !bad:
		t.since = time.Time{}
	case t.since.IsZero():
		t.since = began
	}
}

// lasts reports whether there is trouble, for so long.
func (t *trouble) lasts(d time.Duration) bool { return !t.since.IsZero() && time.Since(t.since) >= d }

// nextRound is when to read the status next. While it fails that is sooner, so that a UPS whose owner wants it polled seldom is not stale, or
// back, the later for it.
func (s *session) nextRound(now time.Time) time.Time {
	if s.trouble.since.IsZero() {
		return now.Add(s.opts.PollInterval)
	}
	pace := min(troubled, s.opts.PollInterval)
	if !s.fresh && (!s.readAt.IsZero() || s.opts.Desk.failed.Load()) && !s.trouble.lasts(2*giveUp) {
		pace = breather
	}
	due := s.began.Add(pace)
	if soonest := now.Add(breather); due.Before(soonest) {
		return soonest
	}
	return due
}

// despair fails when the device should be opened anew: data are stale, and it answers nothing, or not what it answered once. A report that
// never could be read is no reason: the device may not have it.
func (s *session) despair() error {
	if s.fresh {
		s.opts.Desk.failed.Store(false)
		return nil
	}
	limit := giveUp
	if s.opts.Desk.failed.Load() {
		limit = giveUpAgain
	}
	lost := func(k key) bool { return s.reader.proven[k] > 0 && s.reader.of(k).failures > 0 }
	if !s.trouble.lasts(limit) || !s.mute && !slices.ContainsFunc(s.plan[status], lost) {
		return nil
	}
	s.opts.Desk.failed.Store(true)
	if s.mute {
		return fmt.Errorf("%w: %w", ErrUnread, ErrMute)
	}
	return ErrUnread
}

// probe asks for a report that is none of the status, of which it believes what it says. It fails only when the device is gone.
func (s *session) probe() error {
	other := slices.Concat(s.plan[live], s.plan[seldom], s.plan[static])
	with, missed, err := s.readAll(other[:min(1, len(other))], false)
	if err != nil {
		return err
	}
	s.mute = len(other) == 0 || missed > 0
	return s.take(with)
}
