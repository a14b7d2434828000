package usbhid

import (
	"maps"
	"time"
)

// doubt decides on readings that cannot be read again: two that agree are believed. changed is what they change.
func (s *session) doubt(with readings, changed flag, onlyInterrupts bool) (readings, bool, error) {
	if changed&^s.doubted == 0 {
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

// suspend makes readings wait for a contradiction.
func (s *session) suspend(with readings) {
	if s.pending == nil {
		s.pending = make(readings)
	}
	maps.Copy(s.pending, with)
	s.pendingAt = time.Now()
}

// decide believes what is pending if nothing has contradicted it for long enough.
func (s *session) decide() {
	if len(s.pending) > 0 && time.Since(s.pendingAt) >= quickRound {
		s.commit(s.pending)
		s.forget()
	}
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
