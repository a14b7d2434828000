package usbhid

import (
	"testing"
	"time"

	"github.com/upscard/upscard/services/ups"
	"github.com/upscard/upscard/services/usb/usbtest"
)

// asked counts the reports that a device was asked for.
func asked(dev *usbtest.Device) (n int) {
	for _, t := range dev.Transfers() {
		if t.RequestType == classFromInterface {
			n++
		}
	}
	return n
}

func TestInterruptOnly(t *testing.T) {
	tuned(t, Tuning{InterruptOnly: true}, func(r *running) {
		r.after(time.Minute, ups.Stale, "")
		r.dev.Push(2, 90, 0x10, 0x0e)
		r.after(10*time.Second, ups.Stale, "") // there is no status in it
		r.dev.Push(1, healthy)
		r.after(3*time.Second, ups.Fresh, "OL")
		r.wantVars(map[string]string{"battery.charge": "90", "battery.runtime": "3600", "input.voltage": ""})

		r.dev.Push(1, isDischarging|hasBattery)
		r.after(100*time.Millisecond, ups.Fresh, "OL")
		r.after(200*time.Millisecond, ups.Fresh, "OB DISCHRG")
		r.dev.Push(1, healthy) // taken back before it counts
		r.dev.Push(1, isDischarging|hasBattery)
		for range 50 {
			r.after(10*time.Millisecond, ups.Fresh, "OB DISCHRG")
		}
		r.after(time.Hour, ups.Fresh, "OB DISCHRG") // it has nothing to say
		if n := asked(r.dev); n > 0 {
			t.Errorf("%d reports were asked for", n)
		}
		if c := r.store.Get().Commands(); len(c) > 0 {
			t.Errorf("offers %q", c)
		}
	})
}

// TestInterruptOnlyOddLength sends packets that are filled up to eight bytes, as Powercom's are.
func TestInterruptOnlyOddLength(t *testing.T) {
	tuned(t, Tuning{InterruptOnly: true, InterruptSize: 8}, func(r *running) {
		r.after(time.Second, ups.Stale, "")
		r.dev.Push(1, healthy, 0, 0, 0, 0, 0, 0)
		r.after(5*time.Second, ups.Fresh, "OL")
		r.dev.Push(1, isDischarging|hasBattery, 0, 0, 0, 0, 0, 0)
		r.after(time.Second, ups.Fresh, "OB DISCHRG")
	})
}

// TestInterruptOnlyDeaf has a device that answers no more: what it said before its silence counts no longer when it is back.
func TestInterruptOnlyDeaf(t *testing.T) {
	tuned(t, Tuning{InterruptOnly: true}, func(r *running) {
		r.dev.Push(1, healthy)
		r.after(3*time.Second, ups.Fresh, "OL")
		r.dev.FailAll(usbtest.Timeout(time.Second))
		r.after(3*time.Second, ups.Fresh, "OL")
		r.after(9*time.Second, ups.Stale, "OL")
		r.dev.FailAll(nil)
		r.after(time.Minute, ups.Stale, "OL")
		r.dev.Push(1, isDischarging|hasBattery)
		r.after(3*time.Second, ups.Fresh, "OB DISCHRG")
	})
}
