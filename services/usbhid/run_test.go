package usbhid

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/upscard/upscard/services/ups"
	"github.com/upscard/upscard/services/usb"
	"github.com/upscard/upscard/services/usb/usbtest"
)

// benchDescriptor is the project's own UPS: report 1 is the status, 2 charge and runtime, 3 the input voltage, 4 the
// chemistry's string. 1 and 2 also come by interrupt.
var benchDescriptor = []byte{
	0x05, 0x84, 0x09, 0x04, 0xa1, 0x01, // UPS
	0x09, 0x24, 0xa1, 0x02, 0x05, 0x85, // PowerSummary
	0x15, 0, 0x25, 1, 0x75, 1, 0x95, 8, 0x85, 1,
	0x05, 0x84, 0x09, 0x02, 0xa1, 0x02, 0x05, 0x85, // PresentStatus
	0x09, 0xd0, 0x09, 0x44, 0x09, 0x45, 0x09, 0x42, 0x09, 0x46, 0x09, 0x4b, 0x09, 0xd1, 0x0b, 0x65, 0, 0x84, 0, 0xb1, 0xa2,
	0x09, 0xd0, 0x09, 0x44, 0x09, 0x45, 0x09, 0x42, 0x09, 0x46, 0x09, 0x4b, 0x09, 0xd1, 0x0b, 0x65, 0, 0x84, 0, 0x81, 0xa2, 0xc0,
	0x85, 2, 0x95, 1, 0x75, 8, 0x25, 100, 0x09, 0x66, 0xb1, 0xa2, 0x09, 0x66, 0x81, 0xa2,
	0x75, 16, 0x27, 0xff, 0xff, 0, 0, 0x09, 0x68, 0xb1, 0xa2, 0x09, 0x68, 0x81, 0xa2,
	0x85, 4, 0x75, 8, 0x25, 0x7f, 0x09, 0x89, 0xb1, 0x23, 0xc0,
	0x05, 0x84, 0x09, 0x1a, 0xa1, 0x02, 0x85, 3, 0x75, 16, 0x27, 0xff, 0xff, 0, 0, 0x09, 0x30, 0xb1, 0xa2, 0xc0,
	0xc0,
}

// Bits of report 1.
const (
	onMains, isCharging, isDischarging, isLow, isFull, isOld, hasBattery, isOverloaded = 1, 2, 4, 8, 16, 32, 64, 128
)

const healthy = onMains | isFull | hasBattery

func newBench() *usbtest.Device {
	d := usbtest.New(usb.ID{Vendor: 0x1209, Product: 1, Port: "1-1", Manufacturer: "Bench", ProductName: "UPS", Serial: "7"}, benchDescriptor)
	d.SetLatency(2 * time.Millisecond)
	d.SetReport(usbtest.Feature, 1, 1, healthy)
	d.SetReport(usbtest.Feature, 2, 2, 100, 0x10, 0x0e)
	d.SetReport(usbtest.Feature, 3, 3, 230, 0)
	d.SetReport(usbtest.Feature, 4, 4, 5)
	d.SetString(5, "PbAc")
	return d
}

// running is a Run under test.
type running struct {
	t     *testing.T
	dev   *usbtest.Device
	store *ups.Store
	end   chan error

	opened []time.Time
}

// bench runs f beside a Run on the project's own UPS, within a bubble. What prepare does to the device is done before
// it is opened.
func bench(t *testing.T, prepare func(dev *usbtest.Device), f func(r *running)) {
	t.Helper()
	benchOf(t, func(*testing.T) *usbtest.Device {
		dev := newBench()
		if prepare != nil {
			prepare(dev)
		}
		return dev
	}, f)
}

// benchOf runs f beside a Run on the device that plug makes. It is made within the bubble, because its channels must
// belong there.
func benchOf(t *testing.T, plug func(t *testing.T) *usbtest.Device, f func(r *running)) {
	t.Helper()
	benchWith(t, Options{}, plug, f)
}

// benchWith is benchOf with options. Its log goes to the test's unless there is one.
func benchWith(t *testing.T, opts Options, plug func(t *testing.T) *usbtest.Device, f func(r *running)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		dev := plug(t)
		ctx, cancel := context.WithCancel(t.Context())
		if opts.Logger == nil {
			opts.Logger = slog.New(slog.NewTextHandler(t.Output(), nil))
		}
		opts.Desk = NewDesk(nil)
		r := &running{t: t, dev: dev, store: ups.NewStore(), end: make(chan error, 1)}
		go func() { r.end <- r.serve(ctx, opts) }()
		f(r)
		cancel()
		if err := <-r.end; err != nil && !errors.Is(err, usb.ErrGone) {
			t.Errorf("Run: %v", err)
		}
		if w := dev.Writes(); len(w) > 0 {
			t.Errorf("written to the UPS: %+v", w)
		}
	})
}

// serve opens the device again whenever Run gives it up, as services/usbdriver does, until ctx ends or it is gone.
func (r *running) serve(ctx context.Context, opts Options) error {
	for ctx.Err() == nil {
		u, err := Open(ctx, r.dev, opts)
		if err == nil {
			r.opened = append(r.opened, time.Now())
			err = u.Run(ctx, r.store)
		}
		if err == nil || errors.Is(err, usb.ErrGone) {
			return err
		}
		pause(ctx, time.Second)
	}
	return nil
}

// after lets d pass and checks the state.
func (r *running) after(d time.Duration, f ups.Freshness, status string) {
	r.t.Helper()
	time.Sleep(d)
	synctest.Wait()
	if s := r.store.Get(); s.Freshness() != f || s.Value("ups.status") != status {
		r.t.Errorf("%v %q, want %v %q", s.Freshness(), s.Value("ups.status"), f, status)
	}
}

func TestFirstSnapshot(t *testing.T) {
	bench(t, nil, func(r *running) {
		snap, err := r.store.Wait(r.t.Context(), r.store.Get())
		if err != nil || snap.Freshness() != ups.Fresh {
			t.Fatalf("first snapshot is %v, %v", snap.Freshness(), err)
		}
		for name, want := range map[string]string{
			"ups.status": "OL", "battery.charge": "100", "battery.runtime": "3600", "battery.type": "PbAc", "input.voltage": "230.0",
			"ups.mfr": "Bench", "device.serial": "7", "ups.vendorid": "1209", "driver.name": "usbhid-ups", "driver.parameter.pollfreq": "30",
		} {
			if got := snap.Value(name); got != want {
				t.Errorf("%s is %q, want %q", name, got, want)
			}
		}
	})
}

func TestNoStatusBeforeEveryStatusReport(t *testing.T) {
	hang := func(dev *usbtest.Device) { dev.Fail(usbtest.Feature, 1, usbtest.Timeout(time.Second)) }
	bench(t, hang, func(r *running) {
		r.after(4*time.Second, ups.Stale, "")
		r.dev.Fail(usbtest.Feature, 1, nil)
		r.after(10*time.Second, ups.Fresh, "OL")
	})
}

func TestInterrupt(t *testing.T) {
	bench(t, nil, func(r *running) {
		r.after(time.Second, ups.Fresh, "OL")
		r.dev.SetReport(usbtest.Feature, 1, 1, isDischarging|hasBattery)
		r.dev.SetReport(usbtest.Feature, 3, 3, 0, 0)
		r.dev.Push(1, isDischarging|hasBattery)
		r.after(5*time.Millisecond, ups.Fresh, "OB DISCHRG")
		r.after(5*time.Millisecond, ups.Fresh, "OB DISCHRG")
		if got := r.store.Get().Value("input.voltage"); got != "0.0" {
			t.Errorf("input.voltage %q: not read again when the mains went", got)
		}
		r.dev.Push(2, 9, 60, 0)
		r.after(time.Millisecond, ups.Fresh, "OB DISCHRG")
		if got := r.store.Get().Value("battery.charge"); got != "9" {
			t.Errorf("charge %q", got)
		}
		r.dev.SetReport(usbtest.Feature, 1, 1, isDischarging|hasBattery|isLow)
		r.dev.Push(1, isDischarging|hasBattery|isLow)
		r.after(5*time.Millisecond, ups.Fresh, "OB DISCHRG LB")
		r.dev.SetReport(usbtest.Feature, 1, 1, onMains|isCharging|hasBattery)
		r.dev.Push(1, onMains|isCharging|hasBattery)
		r.after(5*time.Millisecond, ups.Fresh, "OL CHRG")
	})
}

func TestPollFindsWhatNoInterruptTells(t *testing.T) {
	bench(t, (*usbtest.Device).SetNoInterrupt, func(r *running) {
		r.after(time.Second, ups.Fresh, "OL")
		r.dev.SetReport(usbtest.Feature, 1, 1, isDischarging|hasBattery)
		r.after(2*time.Second, ups.Fresh, "OB DISCHRG")
	})
}

// TestEachReportOnce counts the reports of one quiet minute: the status 30 times, what changes fast as often on battery and as seldom as
// the voltage on mains, the string's index never again.
func TestEachReportOnce(t *testing.T) {
	for state, fast := range map[string]int{"OL": 2, "OB DISCHRG": 30} {
		prepare := func(dev *usbtest.Device) {
			if state != "OL" {
				dev.SetReport(usbtest.Feature, 1, 1, isDischarging|hasBattery)
			}
		}
		bench(t, prepare, func(r *running) {
			r.after(time.Second, ups.Fresh, state)
			before := len(r.dev.Transfers())
			time.Sleep(time.Minute)
			synctest.Wait()
			counts := make(map[uint8]int)
			for _, tr := range r.dev.Transfers()[before:] {
				counts[uint8(tr.Value)]++
			}
			for id, want := range map[uint8]int{1: 30, 2: fast, 3: 2, 4: 0} {
				if got := counts[id]; got < want-1 || got > want+1 {
					t.Errorf("%s: report %d read %d times, want %d", state, id, got, want)
				}
			}
		})
	}
}
