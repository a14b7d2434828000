package usbredir

import (
	"fmt"
	"time"
)

// answer is a device's answer that is due later.
type answer struct {
	Answer
	due  time.Time // zero for never
	send func(data []byte, status Status) error
}

// ask puts a request to the device and sends its answer under the guest's id, now or later. A device that was unplugged before or while it answered did not:
// see trail.
func (s *session) ask(id uint64, setup Control, data []byte, send func(data []byte, status Status) error) error {
	a := answer{send: send}
	if s.host.want() == s.shown {
		a.Answer = s.host.device.Control(setup, data)
	}
	switch {
	case s.host.want() != s.shown:
	case a.Delay == 0:
		return a.send(a.Data, a.Status)
	case a.Delay != Never:
		a.due = time.Now().Add(a.Delay)
	}
	if len(s.waiting) < maxWaiting {
		s.waiting[id] = a
	}
	return nil
}

// arm sets the timer to the next answer that is due, or to the end of the trail or of an empty port.
func (s *session) arm(timer *time.Timer) {
	timer.Stop()
	next := s.trail.until
	if next.IsZero() {
		next = s.empty
	}
	for _, a := range s.waiting {
		if !a.due.IsZero() && (next.IsZero() || a.due.Before(next)) {
			next = a.due
		}
	}
	if !next.IsZero() {
		timer.Reset(time.Until(next))
	}
}

// answerLate sends what is due.
func (s *session) answerLate(now time.Time) error {
	for id, a := range s.waiting {
		if a.due.IsZero() || a.due.After(now) {
			continue
		}
		delete(s.waiting, id)
		if err := a.send(a.Data, a.Status); err != nil {
			return err
		}
	}
	return nil
}

// cancel ends a transfer that waits for its answer. One that was answered already needs no more.
func (s *session) cancel(id uint64) error {
	a, ok := s.waiting[id]
	if !ok {
		return nil
	}
	delete(s.waiting, id)
	return a.send(nil, Cancelled)
}

// control does a control transfer and answers it under its own id.
func (s *session) control(p Packet) error {
	var c Control
	data, err := Decode(p, &c)
	if err != nil {
		return err
	}
	if c.In() && len(data) != 0 || !c.In() && len(data) != int(c.Length) {
		return fmt.Errorf("control transfer on endpoint %#02x of %d bytes came with %d", c.Endpoint, c.Length, len(data))
	}
	send := func(data []byte, status Status) error { return s.answerControl(p.ID, c, data, status) }
	if c.Endpoint&0x0f != 0 {
		return send(nil, Invalid)
	}
	return s.ask(p.ID, c, data, send)
}

func (s *session) answerControl(id uint64, c Control, data []byte, status Status) error {
	c.Status = status
	switch {
	case status != Success:
		c.Length, data = 0, nil
	case c.In():
		data = data[:min(len(data), int(c.Length))]
		c.Length = uint16(len(data))
	default:
		data = nil
	}
	return s.send(TypeControl, id, Encode(c, data))
}

// interruptOut refuses data for an interrupt-OUT endpoint: none takes any.
func (s *session) interruptOut(p Packet) error {
	var head Interrupt
	if _, err := Decode(p, &head); err != nil {
		return err
	}
	head.Status, head.Length = Invalid, 0
	return s.send(TypeInterrupt, p.ID, Encode(head, nil))
}

// bulk refuses a bulk transfer: no endpoint moves such data.
func (s *session) bulk(p Packet) error {
	const oldSize = 8 // without the high half of the length
	wide := s.caps&Cap32BitBulk != 0
	if !wide && len(p.Body) >= oldSize {
		p.Body = append(p.Body[:oldSize:oldSize], 0, 0)
	}
	var head Bulk
	if _, err := Decode(p, &head); err != nil {
		return err
	}
	head.Status, head.Length, head.LengthHigh = Invalid, 0, 0
	return s.send(TypeBulk, p.ID, short(Encode(head, nil), oldSize, wide))
}
