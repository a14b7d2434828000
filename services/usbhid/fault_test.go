package usbhid

import (
	"errors"
	"testing"
	"time"

	"github.com/upscard/upscard/services/ups"
	"github.com/upscard/upscard/services/usb"
	"github.com/upscard/upscard/services/usb/usbtest"
)

// TestOddReport has packets and answers that nothing confirms: none of them may change the state.
func TestOddReport(t *testing.T) {
	packets := map[string][]byte{
		"OB":                         {1, isDischarging | hasBattery},
		"everything":                 {1, 0xfe},
		"eight bytes of garbage":     {1, 0xfe, 0xa5, 0xa5, 0xa5, 0xa5, 0xa5, 0xa5},
		"unknown report":             {0xa5, 0xa5, 0xa5},
		"short":                      {1},
		"charge in a long report":    {2, 0, 0, 0, 0, 0, 0, 0},
		"charge in a report cut off": {2, 0},
	}
	for name, packet := range packets {
		t.Run(name, func(t *testing.T) {
			bench(t, nil, func(r *running) {
				r.after(time.Second, ups.Fresh, "OL")
				r.dev.Push(packet...)
				for range 20 {
					r.after(100*time.Millisecond, ups.Fresh, "OL")
				}
				if got := r.store.Get().Value("battery.charge"); got != "100" {
					t.Errorf("charge %q", got)
				}
			})
		})
	}
	t.Run("polled once", func(t *testing.T) {
		bench(t, nil, func(r *running) {
			r.after(time.Second, ups.Fresh, "OL")
			n := 0
			r.dev.Fail(usbtest.Feature, 1, func(b []byte) ([]byte, error) {
				if n++; n == 1 {
					return []byte{1, 0xfe}, nil
				}
				return b, nil
			})
			for range 40 {
				r.after(100*time.Millisecond, ups.Fresh, "OL")
			}
		})
	})
}

func TestFaults(t *testing.T) {
	t.Run("a report that stalls is left out", func(t *testing.T) {
		stall := func(dev *usbtest.Device) { dev.Fail(usbtest.Feature, 3, usbtest.Stall) }
		bench(t, stall, func(r *running) {
			r.after(time.Second, ups.Fresh, "OL")
			if _, ok := r.store.Get().Var("input.voltage"); ok {
				t.Error("a voltage that could not be read")
			}
		})
	})
	t.Run("garbage keeps the last value", func(t *testing.T) {
		bench(t, nil, func(r *running) {
			r.after(time.Second, ups.Fresh, "OL")
			r.dev.Fail(usbtest.Feature, 3, usbtest.Garbage(0xa5, 0xa5, 0xa5))
			r.after(time.Minute, ups.Fresh, "OL")
			if got := r.store.Get().Value("input.voltage"); got != "230.0" {
				t.Errorf("input.voltage %q", got)
			}
		})
	})
	t.Run("everything stalls, then recovers", func(t *testing.T) {
		bench(t, nil, func(r *running) {
			r.after(time.Second, ups.Fresh, "OL")
			r.dev.FailAll(usbtest.Stall)
			r.after(2*time.Second, ups.Stale, "OL")
			r.dev.FailAll(nil)
			r.after(2*time.Second, ups.Fresh, "OL")
		})
	})
	t.Run("the status times out while all else answers", func(t *testing.T) {
		bench(t, nil, func(r *running) {
			r.after(time.Second, ups.Fresh, "OL")
			r.dev.Fail(usbtest.Feature, 1, usbtest.Timeout(time.Second))
			r.after(5*time.Second, ups.Stale, "OL")
		})
	})
	t.Run("the status does not wait for a report that hangs", func(t *testing.T) {
		bench(t, nil, func(r *running) {
			r.after(time.Second, ups.Fresh, "OL")
			r.dev.Fail(usbtest.Feature, 2, usbtest.Timeout(time.Second))
			r.after(10*time.Second, ups.Fresh, "OL")
			before := len(r.dev.Transfers())
			r.after(10*time.Second, ups.Fresh, "OL")
			if n := len(r.dev.Transfers()) - before; n < 5 || n > 7 {
				t.Errorf("%d transfers in 10 s", n)
			}
			r.dev.Fail(usbtest.Feature, 2, nil)
			r.dev.SetReport(usbtest.Feature, 2, 2, 42, 0, 1)
			r.after(30*time.Second, ups.Fresh, "OL")
			if got := r.store.Get().Value("battery.charge"); got != "42" {
				t.Errorf("charge %q", got)
			}
		})
	})
	t.Run("garbage interrupts do not hide that nothing can be read", func(t *testing.T) {
		bench(t, nil, func(r *running) {
			r.after(time.Second, ups.Fresh, "OL")
			r.dev.FailAll(usbtest.Stall)
			for i := range 30 {
				r.dev.Push(1, byte(0xfe<<(i%2)))
				time.Sleep(100 * time.Millisecond)
			}
			r.after(0, ups.Stale, r.store.Get().Value("ups.status"))
		})
	})
	t.Run("unplugged", func(t *testing.T) {
		bench(t, nil, func(r *running) {
			r.after(time.Second, ups.Fresh, "OL")
			r.dev.Unplug()
			r.after(0, ups.Stale, "OL")
			err := <-r.end
			if !errors.Is(err, usb.ErrGone) {
				t.Errorf("Run: %v", err)
			}
			r.end <- err
		})
	})
}

// TestSilentDevice counts what is asked of a device that answers nothing.
func TestSilentDevice(t *testing.T) {
	bench(t, nil, func(r *running) {
		r.after(time.Second, ups.Fresh, "OL")
		r.dev.FailAll(usbtest.Timeout(time.Second))
		r.after(5*time.Second, ups.Stale, "OL")
		before := len(r.dev.Transfers())
		r.after(time.Minute, ups.Stale, "OL")
		if n := len(r.dev.Transfers()) - before; n > 60 || n < 5 {
			t.Errorf("%d transfers in a minute", n)
		}
	})
}
