package usbhid

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/upscard/upscard/services/hid"
	"github.com/upscard/upscard/services/usb"
)

// Requests that write (HID 1.11, 7.2.2).
const (
	classToInterface = 0x21
	setReport        = 0x09
)

// errIgnored is the error for an order that the UPS took and did not follow.
var errIgnored = errors.New("the UPS took it and changed nothing")

// settling are the pauses before each look at what was written.
var settling = []time.Duration{0, 50 * time.Millisecond, 200 * time.Millisecond}

// trust says what is enough for a write to have been done.
type trust uint8

const (
	exact  trust = iota // the field shows the value
	moved               // or at least another one than before: a delay counts down, and some UPSes round it
	onWord              // that the UPS took it: the field never shows what is written, or the UPS may be off by now
)

// write puts a physical value into a field and looks whether it is there. It writes once, whatever happens.
func (s *session) write(p *point, v float64, enough trust) error {
	f := p.feature
	report, err := s.current(f)
	if err != nil {
		return err
	}
	before, _ := f.Raw(report)
	want, err := put(f, report, v)
	if err != nil {
		return err
	}
	n, err := s.dev.Control(classToInterface, setReport, hid.Feature.Type()<<8|uint16(f.ReportID), uint16(s.dev.Interface()), report)
	switch {
	case err != nil:
		return fmt.Errorf("SET_REPORT 0x%02x: %w", f.ReportID, err)
	case n != len(report):
		return fmt.Errorf("SET_REPORT 0x%02x: the UPS took %d of %d bytes", f.ReportID, n, len(report))
	case enough == onWord:
		return nil
	}
	return s.verify(p, before, want, enough)
}

// current returns the report as it is, at its declared length, so that writing one field leaves the others as they are.
func (s *session) current(f *hid.Field) ([]byte, error) {
	k := key{hid.Feature, f.ReportID}
	report := make([]byte, s.model.descriptor.ReportLen(k.kind, k.id))
	if k.id != 0 {
		report[0] = k.id
	}
	answer, err := s.reader.get(k)
	switch {
	case errors.Is(err, usb.ErrGone):
		return nil, err
	case err != nil && s.model.shared(f):
		return nil, fmt.Errorf("the rest of report 0x%02x cannot be kept: %w", k.id, err)
	case err == nil:
		copy(report, answer)
	}
	return report, nil
}

// shared reports whether other fields lie in the same report.
func (m *model) shared(f *hid.Field) bool {
	for i := range m.descriptor.Fields {
		if g := &m.descriptor.Fields[i]; g.Kind == f.Kind && g.ReportID == f.ReportID && g != f {
			return true
		}
	}
	return false
}

// put writes a physical value into a report and returns the logical one. A field has all bits set for a delay that is stopped,
// whether its range begins below zero or not. Only zero is written as zero: many delays count minutes, and a delay of zero acts at once.
func put(f *hid.Field, report []byte, v float64) (int64, error) {
	if v == abort && f.LogicalMin >= 0 {
		all := *f
		all.LogicalMin, all.LogicalMax = abort, 0
		if !all.Put(report, abort) {
			return 0, fmt.Errorf("report 0x%02x has no room for it", f.ReportID)
		}
		raw, _ := f.Raw(report)
		return raw, nil
	}
	raw := f.Logical(v)
	step := math.Abs(f.Physical(f.LogicalMin+1) - f.Physical(f.LogicalMin))
	if math.Abs(f.Physical(raw)-v) > step/2*1.001 {
		return 0, fmt.Errorf("%w: want %g to %g, got %g", ErrInvalid, f.Physical(f.LogicalMin), f.Physical(f.LogicalMax), v)
	}
	switch got := f.Physical(raw); {
	case v > 0 && got <= 0:
		raw++
	case v < 0 && got >= 0:
		raw--
	}
	if !f.Put(report, raw) {
		return 0, fmt.Errorf("report 0x%02x has no room for %d", f.ReportID, raw)
	}
	return raw, nil
}

// lengthen returns the shortest delay that a field can hold and that is no shorter than v.
func lengthen(f *hid.Field, v float64) float64 {
	raw := f.Logical(v)
	if v <= 0 || f.Physical(raw) >= v || raw == f.LogicalMax {
		return v
	}
	return f.Physical(raw + 1)
}

// verify reads a field until it shows what was written. What never could be read is taken for done: the UPS did acknowledge the transfer.
func (s *session) verify(p *point, before, want int64, enough trust) error {
	failed := errIgnored
	for _, pause := range settling {
		time.Sleep(pause)
		with, err := s.reader.ask(p.key())
		if errors.Is(err, usb.ErrGone) || errors.Is(err, usb.ErrTimeout) {
			return fmt.Errorf("read back: %w", err)
		}
		now, ok := with[p]
		switch {
		case err != nil && s.reader.proven[p.key()] > 0:
			failed = fmt.Errorf("read back: %w", err)
			continue
		case !ok:
			return nil
		}
		if now.raw == want || enough == moved && now.raw != before {
			s.model.commit(readings{p: now})
			return nil
		}
	}
	return failed
}
