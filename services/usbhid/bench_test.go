package usbhid

import (
	"context"
	"testing"

	"github.com/upscard/upscard/services/hid"
	"github.com/upscard/upscard/services/hid/hidtest"
	"github.com/upscard/upscard/services/ups"
	"github.com/upscard/upscard/services/usb"
)

// still is a device that answers each report alike and keeps no books.
type still struct {
	id         usb.ID
	descriptor []byte
	reports    map[uint8][]byte
}

var _ usb.Device = still{}

func (d still) ID() usb.ID                                           { return d.id }
func (d still) Interface() uint8                                     { return 0 }
func (d still) HIDDescriptor() []byte                                { return nil }
func (d still) String(uint8) (string, error)                         { return "PbAc", nil }
func (d still) Interrupt(ctx context.Context, _ []byte) (int, error) { return 0, usb.ErrNoInterrupt }
func (d still) Close() error                                         { return nil }
func (d still) Control(_, request uint8, value, _ uint16, b []byte) (int, error) {
	switch {
	case request == getDescriptor && value == descriptorReport<<8:
		return copy(b, d.descriptor), nil
	case request == getReport:
		return copy(b, d.reports[uint8(value)]), nil
	}
	return 0, usb.ErrStall
}

// largestCapture is the capture with the longest descriptor.
func largestCapture(tb testing.TB) hidtest.Capture {
	tb.Helper()
	var longest hidtest.Capture
	for _, c := range hidtest.Captures(tb) {
		if len(c.ReportDescriptor) > len(longest.ReportDescriptor) {
			longest = c
		}
	}
	return longest
}

// resting returns a session with a device of the capture that was read once, as Run has it.
func resting(tb testing.TB, c hidtest.Capture) *session {
	tb.Helper()
	dev := still{
		id:         usb.ID{Vendor: c.VendorID, Product: c.ProductID, Manufacturer: c.Manufacturer, ProductName: c.Product, Serial: c.Serial},
		descriptor: c.Descriptor(tb), reports: c.Feature(tb),
	}
	d, _ := hid.Parse(dev.descriptor)
	for _, id := range d.Reports(hid.Feature) {
		if dev.reports[id] == nil {
			dev.reports[id] = make([]byte, d.ReportLen(hid.Feature, id))
			dev.reports[id][0] = id
		}
	}
	u, err := Open(tb.Context(), dev, Options{})
	if err != nil {
		tb.Fatal(err)
	}
	s := u.session(ups.NewStore())
	for range 100 {
		if err := s.step(); err != nil {
			tb.Fatal(err)
		}
	}
	if s.store.Get().Freshness() != ups.Fresh {
		tb.Fatalf("%s is %v", c.Name, s.store.Get().Freshness())
	}
	return s
}

func BenchmarkOpen(b *testing.B) {
	c := largestCapture(b)
	raw := c.Descriptor(b)
	b.Logf("%s: %d bytes", c.Name, len(raw))
	b.ReportAllocs()
	for b.Loop() {
		d, _ := hid.Parse(raw)
		newModel(usb.ID{Vendor: c.VendorID, Product: c.ProductID}, d)
	}
}

func BenchmarkStatusRound(b *testing.B) {
	for _, c := range hidtest.Captures(b) {
		b.Run(c.Name, func(b *testing.B) {
			s := resting(b, c)
			b.ReportAllocs()
			for b.Loop() {
				if err := s.statusRound(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkPass(b *testing.B) {
	for _, c := range hidtest.Captures(b) {
		b.Run(c.Name, func(b *testing.B) {
			s := resting(b, c)
			b.ReportAllocs()
			for b.Loop() {
				if err := s.startPass(s.seldomDue); err != nil {
					b.Fatal(err)
				}
				for len(s.queue) > 0 {
					if err := s.readNext(); err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}

// BenchmarkDecode reads every report of the largest capture.
func BenchmarkDecode(b *testing.B) {
	s := resting(b, largestCapture(b))
	ids := s.model.descriptor.Reports(hid.Feature)
	b.ReportAllocs()
	for b.Loop() {
		askAll(b, s, ids)
	}
}

// askAll asks for reports, looks for what they change of the state and believes them.
func askAll(tb testing.TB, s *session, ids []uint8) {
	for _, id := range ids {
		with, err := s.reader.ask(key{hid.Feature, id})
		if err != nil {
			tb.Fatal(err)
		}
		s.model.change(with)
		s.model.commit(with)
	}
}

// TestReadingAllocatesNothing asks for every report of every capture in steady state: asking, reading all fields, judging them and believing them
// leaves nothing for the garbage collector.
func TestReadingAllocatesNothing(t *testing.T) {
	for _, c := range hidtest.Captures(t) {
		t.Run(c.Name, func(t *testing.T) {
			s := resting(t, c)
			ids := s.model.descriptor.Reports(hid.Feature)
			if n := testing.AllocsPerRun(100, func() { askAll(t, s, ids) }); n != 0 {
				t.Errorf("%g allocations", n)
			}
		})
	}
}

// TestRoundAllocatesLittle bounds what a status round leaves: the snapshot with its variables.
func TestRoundAllocatesLittle(t *testing.T) {
	for _, c := range hidtest.Captures(t) {
		t.Run(c.Name, func(t *testing.T) {
			s := resting(t, c)
			most := float64(50 + 2*len(s.store.Get().Names()))
			if n := testing.AllocsPerRun(100, func() {
				if err := s.statusRound(); err != nil {
					t.Fatal(err)
				}
			}); n > most {
				t.Errorf("%g allocations, more than %g", n, most)
			}
		})
	}
}
