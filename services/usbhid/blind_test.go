package usbhid

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/upscard/upscard/services/ups"
	"github.com/upscard/upscard/services/usb"
	"github.com/upscard/upscard/services/usb/usbtest"
)

// TestOnlyInterrupts has a UPS whose status cannot be asked for.
func TestOnlyInterrupts(t *testing.T) {
	stall := func(dev *usbtest.Device) { dev.Fail(usbtest.Feature, 1, usbtest.Stall) }
	t.Run("says no status before one came", func(t *testing.T) {
		bench(t, stall, func(r *running) {
			r.after(3*time.Second, ups.Stale, "")
			r.after(15*time.Minute, ups.Stale, "")
			r.dev.Push(1, healthy)
			r.after(100*time.Millisecond, ups.Stale, "")
			r.after(400*time.Millisecond, ups.Fresh, "OL")
		})
	})
	t.Run("a stream of packets is believed", func(t *testing.T) {
		bench(t, stall, func(r *running) {
			r.after(10*time.Second, ups.Stale, "")
			for range 20 {
				r.dev.Push(1, healthy)
				time.Sleep(50 * time.Millisecond)
			}
			r.after(0, ups.Fresh, "OL")
		})
	})
	t.Run("it can be asked for after all", func(t *testing.T) {
		for name, fault := range map[string]usbtest.Fault{"stall": usbtest.Stall, "short": usbtest.Short(1)} {
			bench(t, func(dev *usbtest.Device) { dev.Fail(usbtest.Feature, 1, fault) }, func(r *running) {
				t.Log(name)
				r.after(20*time.Second, ups.Stale, "")
				r.dev.Fail(usbtest.Feature, 1, nil)
				r.after(3*time.Second, ups.Fresh, "OL")
			})
		}
	})
	t.Run("one packet counts when nothing contradicts it", func(t *testing.T) {
		bench(t, stall, func(r *running) {
			time.Sleep(20 * time.Second)
			r.dev.Push(1, healthy)
			r.after(500*time.Millisecond, ups.Fresh, "OL")
			r.dev.Push(1, isDischarging|hasBattery)
			r.after(0, ups.Fresh, "OL")
			r.after(500*time.Millisecond, ups.Fresh, "OB DISCHRG")
			r.dev.Push(1, healthy)
			r.after(0, ups.Fresh, "OB DISCHRG")
			r.after(500*time.Millisecond, ups.Fresh, "OL")
		})
	})
	t.Run("two packets count at once", func(t *testing.T) {
		bench(t, stall, func(r *running) {
			time.Sleep(20 * time.Second)
			r.dev.Push(1, healthy)
			r.after(500*time.Millisecond, ups.Fresh, "OL")
			r.dev.Push(1, isDischarging|hasBattery)
			r.after(100*time.Millisecond, ups.Fresh, "OL")
			r.dev.Push(1, isDischarging|hasBattery)
			r.after(0, ups.Fresh, "OB DISCHRG")
		})
	})
	t.Run("a packet that is taken back does not count", func(t *testing.T) {
		bench(t, stall, func(r *running) {
			time.Sleep(20 * time.Second)
			r.dev.Push(1, healthy)
			r.after(500*time.Millisecond, ups.Fresh, "OL")
			r.dev.Push(1, isDischarging|isLow)
			r.after(50*time.Millisecond, ups.Fresh, "OL")
			r.dev.Push(1, healthy)
			for range 50 {
				r.after(100*time.Millisecond, ups.Fresh, "OL")
			}
		})
	})
}

// TestUnconfirmed has an interrupt that comes while its report cannot be read.
func TestUnconfirmed(t *testing.T) {
	bench(t, nil, func(r *running) {
		r.after(time.Second, ups.Fresh, "OL")
		r.dev.Fail(usbtest.Feature, 1, usbtest.Stall)
		r.dev.Push(1, isDischarging|hasBattery)
		r.after(100*time.Millisecond, ups.Fresh, "OL")
		r.dev.Push(1, isDischarging|hasBattery)
		r.after(100*time.Millisecond, ups.Fresh, "OB DISCHRG")
	})
}

// TestLateReport has a UPS whose feature report follows its interrupt half a second later.
func TestLateReport(t *testing.T) {
	bench(t, nil, func(r *running) {
		r.after(time.Second, ups.Fresh, "OL")
		r.dev.Push(1, isDischarging|hasBattery)
		r.after(500*time.Millisecond, ups.Fresh, "OL")
		r.dev.SetReport(usbtest.Feature, 1, 1, isDischarging|hasBattery)
		r.after(300*time.Millisecond, ups.Fresh, "OB DISCHRG")
	})
}

// TestStartsOnBattery plugs in a UPS whose mains are already away.
func TestStartsOnBattery(t *testing.T) {
	away := func(dev *usbtest.Device) { dev.SetReport(usbtest.Feature, 1, 1, isDischarging|hasBattery|isLow) }
	bench(t, away, func(r *running) {
		r.after(time.Second, ups.Fresh, "OB DISCHRG LB")
	})
}

// TestFlood sends interrupts as fast as the driver takes them.
func TestFlood(t *testing.T) {
	bench(t, nil, func(r *running) {
		r.after(time.Second, ups.Fresh, "OL")
		for i := range 10000 {
			r.dev.Push(2, byte(i%100), 1, 0)
		}
		r.after(3*time.Second, ups.Fresh, "OL")
		if got := r.store.Get().Value("battery.charge"); got != "100" && got != "99" {
			t.Errorf("charge %q", got)
		}
	})
}

// TestOneReport has a UPS without report ids, whose only report holds everything.
func TestOneReport(t *testing.T) {
	descriptor := []byte{
		0x05, 0x84, 0x09, 0x04, 0xa1, 1, 0x09, 0x24, 0xa1, 2, 0x05, 0x85,
		0x15, 0, 0x25, 1, 0x75, 1, 0x95, 1, 0x09, 0xd0, 0xb1, 2, 0x09, 0xd0, 0x81, 2,
		0x25, 100, 0x75, 7, 0x09, 0x66, 0xb1, 2, 0x09, 0x66, 0x81, 2, 0x75, 8, 0x09, 0x89, 0xb1, 2, 0xc0, 0xc0,
	}
	plug := func(*testing.T) *usbtest.Device {
		dev := usbtest.New(usb.ID{Port: "1-1"}, descriptor)
		dev.SetReport(usbtest.Feature, 0, 1|80<<1, 9)
		dev.SetString(9, "LiFePO4")
		return dev
	}
	benchOf(t, plug, func(r *running) {
		r.after(time.Second, ups.Fresh, "OL")
		if got := r.store.Get().Value("battery.type"); got != "LiFePO4" {
			t.Errorf("battery.type %q", got)
		}
		r.dev.SetReport(usbtest.Feature, 0, 79<<1, 9)
		r.dev.Push(79 << 1)
		r.after(time.Millisecond, ups.Fresh, "OB")
		if got := r.store.Get().Value("battery.charge"); got != "79" {
			t.Errorf("battery.charge %q", got)
		}
	})
}

// TestNoState has a UPS of which nothing tells the state: a charge alone is nothing to trust.
func TestNoState(t *testing.T) {
	for name, test := range map[string]struct {
		path string
		want ups.Freshness
	}{
		"no field for it":                     {"PowerSummary.PresentStatus.Overload", ups.Stale},
		"mains":                               {"PowerSummary.PresentStatus.ACPresent", ups.Fresh},
		"discharging, and no field for mains": {"PowerSummary.PresentStatus.Discharging", ups.Fresh},
	} {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			synctest.Test(t, func(t *testing.T) {
				dev := usbtest.New(usb.ID{Vendor: 0x1209, Port: "1-1"}, descriptorOf(t, &generic,
					built{path: test.path, id: 1, size: 8}, built{path: "PowerSummary.RemainingCapacity", id: 2, size: 8}))
				dev.SetReport(usbtest.Feature, 1, 1, 0)
				dev.SetReport(usbtest.Feature, 2, 2, 85)
				r := &running{t: t, dev: dev, store: ups.NewStore()}
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				time.AfterFunc(50*time.Second, func() {
					if got := r.store.Get().Freshness(); got != test.want {
						t.Errorf("%v, want %v", got, test.want)
					}
				})
				if err := r.serve(ctx, Options{Logger: slog.New(slog.NewTextHandler(&log, nil)), Desk: NewDesk(nil)}); err != nil {
					t.Error(err)
				}
			})
			if said := strings.Count(log.String(), "no field tells of the mains"); (said == 1) != (test.want == ups.Stale) {
				t.Errorf("said %d times", said)
			}
		})
	}
}
