package usbredir

import "fmt"

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
	if c.Endpoint&0x0f != 0 {
		return s.answerControl(p.ID, c, nil, Invalid)
	}
	answer, status, answered := s.host.device.Control(c, data)
	if !answered {
		if len(s.silent) < maxSilent {
			s.silent[p.ID] = c
		}
		return nil
	}
	return s.answerControl(p.ID, c, answer, status)
}

func (s *session) answerControl(id uint64, c Control, answer []byte, status Status) error {
	c.Status = status
	switch {
	case status != Success:
		c.Length, answer = 0, nil
	case c.In():
		answer = answer[:min(len(answer), int(c.Length))]
		c.Length = uint16(len(answer))
	default:
		answer = nil
	}
	return s.send(TypeControl, id, Encode(c, answer))
}

// cancel ends a transfer that the device left unanswered. One that was answered already needs no more.
func (s *session) cancel(id uint64) error {
	c, ok := s.silent[id]
	if !ok {
		return nil
	}
	delete(s.silent, id)
	return s.answerControl(id, c, nil, Cancelled)
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
