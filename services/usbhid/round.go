package usbhid

import (
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/upscard/upscard/services/usb"
)

// Limits of patience.
const (
	missedRounds = 3                      // a status report that fails as often, or says something else whenever it is read, makes the state stale
	quickRound   = 250 * time.Millisecond // until the next look after a doubtful interrupt
	quickRounds  = 4
)

// statusRound reads each status report once.
func (s *session) statusRound() error {
	if s.opts.Tuning.InterruptOnly {
		return s.heardRound()
	}
	s.began = time.Now()
	s.decide()
	with, missed, err := s.readAll(s.plan[status], true)
	if err != nil {
		return err
	}
	s.trouble.note(missed > 0 || s.proof > 0, s.began)
	if missed == len(s.plan[status]) && missed > 0 && !slices.ContainsFunc(s.plan[status], s.absurd) {
		return s.noStatus()
	}
	if missed == 0 && len(s.pending) == 0 {
		s.doubted &= s.model.change(with)
	}
	news := s.model.change(with) != 0
	with, confirmed, err := s.settle(with)
	if err != nil {
		return err
	}
	s.prove(news || missed > 0)
	s.hesitate(with)
	s.commit(with)
	if s.model.moving() {
		keys := slices.Clone(s.plan[live])
		if s.model.flags(nil).has(selfTest) {
			keys = append(keys, s.model.tests()...)
		}
		with, _, err = s.readAll(slices.DeleteFunc(keys, s.ailing), false)
		if err != nil {
			return err
		}
		if err := s.take(with); err != nil {
			return err
		}
	}
	if s.model.judgeLow() {
		s.recheck = max(s.recheck, 1)
	}
	if s.reader.bury() {
		s.plan = s.model.plan()
	}
	s.expire()
	s.answered(missed == 0 && (confirmed || s.fresh))
	s.publish()
	return s.despair()
}

// prove counts the rounds after which a UPS is believed again that said something else whenever it was read.
func (s *session) prove(news bool) {
	if s.proof == 0 {
		return
	}
	if s.proof--; news {
		s.proof = missedRounds
	}
	if s.restless == 0 {
		s.recheck = max(s.recheck, 1)
	}
}

// readAll reads the reports and counts those that failed. After the first failure none is tried twice, nor is one of several that was not
// answered in time; a device that leaves the first two unanswered is not asked for the rest. It fails only when the device is gone.
func (s *session) readAll(keys []key, retry bool) (with readings, missed int, err error) {
	with = make(readings)
	how := twiceIfQuick
	if len(keys) == 1 {
		how = twice
	}
	for i, k := range keys {
		if !retry || missed > 0 {
			how = single
		}
		r, err := s.reader.read(k, how)
		switch {
		case errors.Is(err, usb.ErrGone):
			return nil, 0, err
		case err != nil:
			if missed++; i > 0 && missed == i+1 && errors.Is(err, usb.ErrTimeout) {
				for _, k := range keys[i+1:] {
					s.reader.of(k).absurd = false // it is not known to answer
				}
				return with, len(keys), nil
			}
		default:
			maps.Copy(with, r)
		}
	}
	return with, missed, nil
}

// answered plans the next round of a device that answers; whole says that no status report is missing.
func (s *session) answered(whole bool) {
	now := time.Now()
	if s.silent > 0 {
		s.log.Info("status can be read again")
		s.silent = 0
	}
	switch {
	case s.missing() || !s.model.stated() || s.proof > 0:
		s.fresh = false
	case whole:
		if !s.fresh {
			s.seldomDue = now
		}
		s.fresh, s.readAt = true, now
	}
	s.statusDue = s.nextRound(now)
	if s.recheck > 0 {
		s.recheck--
		s.statusDue = now.Add(quickRound)
	}
	if due := s.model.trial.due(); !due.IsZero() && due.Before(s.statusDue) {
		s.statusDue = due
	}
}

// missing reports whether a status report failed too often.
func (s *session) missing() bool {
	for k := range s.model.blind() {
		if s.reader.of(k).nonsense >= missedRounds {
			return true
		}
	}
	return slices.ContainsFunc(s.plan[status], s.ailing)
}

// absurd reports whether a report's last answer contradicted itself: then the device does answer.
func (s *session) absurd(k key) bool { return s.reader.of(k).absurd }

// failing reports whether a report's last answer was none.
func (s *session) failing(k key) bool { return s.reader.of(k).failures > 0 }

// ailing reports whether a report failed too often. The status does not wait for such a one.
func (s *session) ailing(k key) bool { return s.reader.of(k).failures >= missedRounds }

// noStatus is what follows when no status report could be read. A device that never told one may have none that can
// be asked for: if it answers at all, they are given up in the end, and what there is comes by interrupt.
func (s *session) noStatus() error {
	s.unanswered()
	if !s.readAt.IsZero() && !s.trouble.lasts(giveUp) {
		return nil
	}
	if err := s.probe(); err != nil {
		return err
	}
	if s.readAt.IsZero() && !s.mute && s.reader.bury() {
		s.plan = s.model.plan()
		s.statusDue = time.Now()
	}
	return s.despair()
}

// unanswered plans the next round of a device that answered nothing.
func (s *session) unanswered() {
	if s.silent == 0 {
		s.log.Warn("no status report can be read")
	}
	s.stale()
	s.queue = nil
	s.statusDue = s.nextRound(time.Now())
	s.silent++
}
