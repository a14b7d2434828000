package usbhid

import (
	"errors"
	"time"

	"github.com/upscard/upscard/services/usb"
)

// mute gives up asking for every report: what there is comes by interrupt.
func (m *model) mute() {
	for _, p := range m.points {
		m.dead[p.key()] = true
	}
}

// heard reports whether there is a status and all of it has come.
func (m *model) heard() bool {
	any := false
	for _, s := range m.slots {
		src, ok := m.source(s)
		if s.flag == 0 || s.flag.class() != status || !ok {
			continue
		}
		if !src.known {
			return false
		}
		any = true
	}
	return any
}

// unhear forgets every value. Call it when interrupts may have been missed.
func (m *model) unhear() {
	for _, p := range m.points {
		p.known = false
	}
}

// heardRound takes the place of a status round for a UPS that is read by interrupts alone. Silence is no sign of anything there, so the
// device is asked for its HID descriptor to see that it still answers.
func (s *session) heardRound() error {
	s.began = time.Now()
	s.decide()
	b := make([]byte, 9)
	_, err := s.dev.Control(fromInterface, getDescriptor, descriptorHID<<8, uint16(s.dev.Interface()), b)
	switch {
	case errors.Is(err, usb.ErrGone):
		return err
	case err != nil && !errors.Is(err, usb.ErrStall):
		s.deaf++
	default:
		s.deaf = 0
	}
	s.trouble.note(s.deaf > 0, s.began)
	if s.deaf >= missedRounds {
		s.unanswered()
		s.model.unhear()
		s.forget()
		s.mute = true
		return s.despair()
	}
	if s.deaf > 0 {
		s.statusDue = s.nextRound(time.Now())
		return nil
	}
	s.commit(nil)
	if s.model.judgeLow() {
		s.recheck = max(s.recheck, 1)
	}
	s.answered(len(s.pending) == 0 && s.model.heard())
	s.publish()
	return nil
}
