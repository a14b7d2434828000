package usbhid

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/upscard/upscard/services/hid"
	"github.com/upscard/upscard/services/ups"
	"github.com/upscard/upscard/services/usb"
	"github.com/upscard/upscard/services/usb/usbtest"
)

// valueFaults are ways in which a report that is no status goes bad.
var valueFaults = map[string]usbtest.Fault{
	"stall":    usbtest.Stall,
	"time-out": usbtest.Timeout(time.Second),
	"another":  usbtest.Garbage(0xa5, 0xa5, 0xa5),
	"empty":    usbtest.Short(0),
	"cut off":  usbtest.Short(1),
}

// TestValueIsKeptForAWhile has a voltage that was read once and then never again: it is kept for three passes, then dropped, and is back with the
// next that can be read. The status does not mind.
func TestValueIsKeptForAWhile(t *testing.T) {
	for name, fault := range valueFaults {
		var log bytes.Buffer
		plug := func(*testing.T) *usbtest.Device { return newBench() }
		benchWith(t, Options{Logger: slog.New(slog.NewTextHandler(&log, nil))}, plug, func(r *running) {
			voltage := func() string { return r.store.Get().Value("input.voltage") }
			r.after(time.Second, ups.Fresh, "OL")
			for range 2 {
				r.dev.Fail(usbtest.Feature, 3, fault)
				r.after(55*time.Second, ups.Fresh, "OL")
				if got := voltage(); got != "230.0" {
					t.Errorf("%s: %q after 55 s", name, got)
				}
				r.after(50*time.Second, ups.Fresh, "OL")
				if v, ok := r.store.Get().Var("input.voltage"); ok {
					t.Errorf("%s: %q after 105 s", name, v.Value)
				}
				r.after(time.Hour, ups.Fresh, "OL")
				r.dev.Fail(usbtest.Feature, 3, nil)
				r.after(31*time.Second, ups.Fresh, "OL")
				if got := voltage(); got != "230.0" {
					t.Errorf("%s: %q when it can be read again", name, got)
				}
			}
			if len(r.opened) != 1 {
				t.Errorf("%s: opened %d times", name, len(r.opened))
			}
		})
		if n := strings.Count(log.String(), "are dropped"); n != 2 {
			t.Errorf("%s: said %d times that values are dropped:\n%s", name, n, log.String())
		}
	}
}

// TestChargeOnBatteryIsKeptShorter has a charge that cannot be read while it sinks.
func TestChargeOnBatteryIsKeptShorter(t *testing.T) {
	bench(t, func(dev *usbtest.Device) { dev.SetReport(usbtest.Feature, 1, 1, isDischarging|hasBattery) }, func(r *running) {
		r.after(5*time.Second, ups.Fresh, "OB DISCHRG")
		r.dev.Fail(usbtest.Feature, 2, usbtest.Stall)
		r.after(50*time.Second, ups.Fresh, "OB DISCHRG")
		if got := r.store.Get().Value("battery.charge"); got != "100" {
			t.Errorf("%q after 50 s", got)
		}
		r.after(15*time.Second, ups.Fresh, "OB DISCHRG")
		if v, ok := r.store.Get().Var("battery.charge"); ok {
			t.Errorf("%q after 65 s", v.Value)
		}
		r.dev.Push(2, 40, 0, 1) // an interrupt tells it as well
		r.after(time.Millisecond, ups.Fresh, "OB DISCHRG")
		if got := r.store.Get().Value("battery.charge"); got != "40" {
			t.Errorf("%q by interrupt", got)
		}
	})
}

// TestLowIsNotForgotten has a computed low battery whose charge cannot be read any more, and one that is filled with ones.
func TestLowIsNotForgotten(t *testing.T) {
	for name, fault := range map[string]usbtest.Fault{"stall": usbtest.Stall, "ones": usbtest.Garbage(2, 0xff, 0xff, 0xff)} {
		benchOf(t, newFlagless, func(r *running) {
			r.dev.SetReport(usbtest.Feature, 2, 2, 10, 0x10, 0x0e)
			r.after(5*time.Second, ups.Fresh, "OB DISCHRG LB")
			r.dev.Fail(usbtest.Feature, 2, fault)
			for range 300 {
				r.after(time.Second, ups.Fresh, "OB DISCHRG LB")
			}
			if v, ok := r.store.Get().Var("battery.charge"); ok {
				t.Errorf("%s: battery.charge %q", name, v.Value)
			}
			r.dev.Fail(usbtest.Feature, 2, nil)
			r.dev.SetReport(usbtest.Feature, 2, 2, 90, 0x10, 0x0e)
			r.after(35*time.Second, ups.Fresh, "OB DISCHRG") // what stalled is asked for once a pass
			r.dev.SetReport(usbtest.Feature, 2, 2, 10, 0x10, 0x0e)
			r.after(5*time.Second, ups.Fresh, "OB DISCHRG LB")
			r.dev.Fail(usbtest.Feature, 2, fault)
			r.dev.SetReport(usbtest.Feature, 1, 1, onMains|hasBattery)
			r.after(3*time.Second, ups.Fresh, "OL")
		})
	}
}

// TestOnesAreNoValue reads fields that are filled with ones.
func TestOnesAreNoValue(t *testing.T) {
	d, _ := hid.Parse(benchDescriptor)
	m := newModel(usb.ID{}, d)
	m.commit(m.decode(key{hid.Feature, 2}, []byte{2, 80, 0x10, 0x0e}))
	m.commit(m.decode(key{hid.Feature, 2}, []byte{2, 0xff, 0x20, 0x0e}))
	if got := m.vars(nil); got["battery.charge"].Value != "80" || got["battery.runtime"].Value != "3616" {
		t.Errorf("charge %q, runtime %q", got["battery.charge"].Value, got["battery.runtime"].Value)
	}
	m.commit(m.decode(key{hid.Feature, 2}, []byte{2, 0x7f, 0xff, 0xff})) // out of range, as NUT clamps it, and in range
	if got := m.vars(nil); got["battery.charge"].Value != "100" || got["battery.runtime"].Value != "65535" {
		t.Errorf("charge %q, runtime %q", got["battery.charge"].Value, got["battery.runtime"].Value)
	}
}

// TestGarbageInterrupts sends what made NUT say OL LB OVER for 10 s, and its like, by interrupt and as an answer, to a UPS on mains and to one
// that is not.
func TestGarbageInterrupts(t *testing.T) {
	for _, state := range []struct {
		bits   byte
		status string
	}{{healthy, "OL"}, {isDischarging | hasBattery, "OB DISCHRG"}} {
		for _, garbage := range [][]byte{
			{1, 0xa5, 0xa5, 0xa5, 0xa5, 0xa5, 0xa5, 0xa5}, {0xa5, 0xa5, 0xa5, 0xa5, 0xa5, 0xa5, 0xa5, 0xa5},
			{1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, {0, 0, 0, 0, 0, 0, 0, 0}, {1, 0, 0, 0, 0, 0, 0, 0}, {1, isLow | isOverloaded | isOld},
			{2, 0, 0, 0, 0, 0, 0, 0}, {2, 0xff, 0xff, 0xff}, {2, 0, 0}, {1}, {},
		} {
			prepare := func(dev *usbtest.Device) { dev.SetReport(usbtest.Feature, 1, 1, state.bits) }
			bench(t, prepare, func(r *running) {
				r.after(3*time.Second, ups.Fresh, state.status)
				r.dev.Push(garbage...)
				for range 110 {
					r.after(100*time.Millisecond, ups.Fresh, state.status)
				}
				if len(garbage) == 0 {
					return
				}
				r.dev.Fail(usbtest.Feature, garbage[0]&3, once(1, garbage...))
				for range 110 {
					r.after(100*time.Millisecond, ups.Fresh, state.status)
				}
			})
		}
	}
}
