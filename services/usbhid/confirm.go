package usbhid

import (
	"maps"
	"slices"
	"time"

	"github.com/upscard/upscard/services/hid"
)

// packet takes an interrupt. What it says of the state for the worse has to be confirmed; all else is believed at once.
func (s *session) packet(packet []byte) error {
	k := key{hid.Input, s.model.reportID(packet)}
	with := s.model.decode(k, packet)
	declared := s.model.descriptor.ReportLen(k.kind, k.id)
	if len(packet) != declared {
		s.reader.odd(k, len(packet), declared)
		return s.reread(with)
	}
	if !s.fresh { // whatever can be read will be
		maps.DeleteFunc(with, func(p *point, _ reading) bool { return p.feature != nil })
		s.model.commit(with)
		return nil
	}
	disputed := s.model.disputes(with)
	if err := s.believe(with); err != nil {
		return err
	}
	if disputed {
		s.statusDue = time.Now()
	}
	return nil
}

// reread asks for the values that a packet of an unexpected length is about. What only interrupts tell is taken from
// the packet.
func (s *session) reread(with readings) error {
	if !s.fresh {
		return nil
	}
	keys := make(map[key]bool)
	for p := range with {
		if k := p.key(); !s.model.dead[k] {
			keys[k] = true
			delete(with, p)
		}
	}
	again, _, err := s.readAll(sorted(keys), false)
	if err != nil {
		return err
	}
	maps.Copy(with, again)
	return s.believe(with)
}

// believe settles readings, commits what is left of them and publishes.
func (s *session) believe(with readings) error {
	if s.contradicts(with) {
		s.doubted, s.pending = 0, nil
	}
	with, confirmed, err := s.settle(with)
	if err != nil {
		return err
	}
	if !confirmed {
		s.recheck = quickRounds
		if soon := time.Now().Add(quickRound); soon.Before(s.statusDue) {
			s.statusDue = soon
		}
	}
	s.hesitate(with)
	s.model.commit(with)
	s.publish()
	return nil
}

// contradicts reports whether the readings take back what is pending.
func (s *session) contradicts(with readings) bool {
	for p, r := range s.pending {
		if now, ok := with[p]; ok && now.raw != r.raw {
			return true
		}
	}
	return false
}

// settle returns what of the readings can be believed: where they make the state worse the reports behind that are
// read again, and the newer reading counts. It reports whether all was confirmed, and fails only when the device is
// gone.
func (s *session) settle(with readings) (readings, bool, error) {
	before := s.model.flags(nil).worries()
	worse := s.model.flags(with).worries() &^ before
	confirmed := true
	const attempts = 3
	for range attempts {
		if worse == 0 {
			return with, confirmed, nil
		}
		keys := s.model.feeding(worse)
		blind := len(keys)
		maps.DeleteFunc(keys, func(k key, _ bool) bool { return s.model.dead[k] })
		blind -= len(keys)
		again, missed, err := s.readAll(sorted(keys), false)
		if err != nil {
			return nil, false, err
		}
		maps.Copy(with, again)
		now := s.model.flags(with).worries() &^ before
		if now&worse != worse {
			confirmed = false
			s.unconfirmed()
		}
		if blind+missed > 0 && now != 0 {
			return s.doubt(with, now, blind > 0)
		}
		if now&^worse == 0 {
			return with, confirmed, nil
		}
		worse = now
	}
	s.model.strip(with, worse)
	return with, false, nil
}

// doubt decides on readings that cannot be read again: two that agree are believed.
func (s *session) doubt(with readings, worse flag, onlyInterrupts bool) (readings, bool, error) {
	if worse&^s.doubted == 0 {
		s.doubted, s.pending = 0, nil
		return with, true, nil
	}
	s.doubted = worse
	removed := s.model.strip(with, worse)
	if onlyInterrupts {
		s.pending, s.pendingAt = removed, time.Now()
	}
	return with, false, nil
}

// unconfirmed logs that a report said something that the next did not, at most once a minute.
func (s *session) unconfirmed() {
	if now := time.Now(); now.Sub(s.warned) >= quiet {
		s.warned = now
		s.log.Warn("a report was not confirmed")
	}
}

func sorted(keys map[key]bool) []key {
	return slices.SortedFunc(maps.Keys(keys), compareKeys)
}
