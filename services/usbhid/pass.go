package usbhid

import (
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/upscard/upscard/services/usb"
)

// startPass begins to read everything but the status: what never changes only until it was read once.
func (s *session) startPass(now time.Time) error {
	s.seldomDue = now.Add(s.opts.PollFreq)
	s.queue = slices.Clone(s.plan[seldom])
	for _, k := range s.plan[static] {
		if !s.reader.of(k).read {
			s.queue = append(s.queue, k)
		}
	}
	for _, k := range s.plan[live] {
		if s.ailing(k) || !s.model.moving() {
			s.queue = append(s.queue, k)
		}
	}
	if len(s.queue) == 0 {
		return s.endPass()
	}
	return nil
}

// readNext reads one report of the pass, so that interrupts and the status never wait for more than that.
func (s *session) readNext() error {
	k := s.queue[0]
	s.queue = s.queue[1:]
	how := twiceIfQuick
	if s.reader.of(k).failures > 0 {
		how = single
	}
	with, err := s.reader.read(k, how)
	switch {
	case errors.Is(err, usb.ErrGone):
		return err
	case errors.Is(err, usb.ErrTimeout): // it may be that nothing is answered any more
		s.statusDue = time.Now()
	}
	if err := s.take(with); err != nil {
		return err
	}
	if len(s.queue) > 0 {
		return nil
	}
	return s.endPass()
}

// endPass reads the strings that the pass asks for: now everything has been read once.
func (s *session) endPass() error {
	if err := s.readTexts(); err != nil {
		return err
	}
	s.complete = true
	s.publish()
	return nil
}

// readTexts reads the string descriptors that the variables need.
func (s *session) readTexts() error {
	s.model.vars(nil) // asks for them
	for _, i := range slices.Sorted(maps.Keys(s.model.texts.wanted)) {
		text, err := s.dev.String(i)
		switch {
		case errors.Is(err, usb.ErrGone):
			return err
		case err == nil || errors.Is(err, usb.ErrStall):
			s.model.texts.set(i, text)
		default:
			s.log.Warn("string cannot be read", "index", i, "err", err)
		}
	}
	return nil
}
