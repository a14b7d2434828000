package usbhid

import (
	"maps"
	"time"
)

// doubt decides on readings that cannot be read again: two that agree are believed. changed is what they change.
func (s *session) doubt(with readings, changed flag, onlyInterrupts bool) (readings, bool, error) {
	if changed == s.doubted {
		s.doubted &^= changed
		maps.DeleteFunc(s.pending, func(p *point, _ reading) bool { _, newer := with[p]; return newer })
		return with, true, nil
	}
	if len(s.pending) == 0 {
		s.doubted = 0
	}
	s.doubted |= changed
	removed := s.model.strip(with, changed)
	if onlyInterrupts {
		s.suspend(removed)
	}
	return with, false, nil
}

// suspend makes readings wait for a contradiction: anew where they make another state of what waits.
func (s *session) suspend(with readings) {
	begun, was := len(s.pending) > 0, s.model.change(s.pending)
	if s.pending == nil {
		s.pending = make(readings)
	}
	maps.Copy(s.pending, with)
	if !begun || s.model.change(s.pending) != was {
		s.pendingAt = time.Now()
	}
}

// decide believes what is pending if nothing has contradicted it for long enough.
func (s *session) decide() {
	if len(s.pending) > 0 && time.Since(s.pendingAt) >= quickRound {
		s.commit(s.pending)
		s.forget()
	}
}

// roundDue is when the next status round is: when it is planned, or what is pending has to be decided.
func (s *session) roundDue() time.Time {
	if at := s.pendingAt.Add(quickRound); len(s.pending) > 0 && at.Before(s.statusDue) {
		return at
	}
	return s.statusDue
}

// forget drops every doubt.
func (s *session) forget() { s.doubted, s.pending = 0, nil }

// contradicts reports whether the readings take back what is pending.
func (s *session) contradicts(with readings) bool {
	for p, r := range s.pending {
		if now, ok := with[p]; ok && now.raw != r.raw {
			return true
		}
	}
	return false
}
