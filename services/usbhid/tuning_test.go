package usbhid

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/upscard/upscard/services/hid"
	"github.com/upscard/upscard/services/hid/hidtest"
	"github.com/upscard/upscard/services/ups"
	"github.com/upscard/upscard/services/usb"
	"github.com/upscard/upscard/services/usb/usbtest"
)

// tuned runs f beside a Run on the project's own UPS, treated so.
func tuned(t *testing.T, tuning Tuning, f func(r *running)) {
	t.Helper()
	benchWith(t, Options{Tuning: tuning}, func(*testing.T) *usbtest.Device { return newBench() }, f)
}

// wantVars checks variables; "" is one that must not be there.
func (r *running) wantVars(want map[string]string) {
	r.t.Helper()
	for name, value := range want {
		if got := r.store.Get().Value(name); got != value {
			r.t.Errorf("%s is %q, want %q", name, got, value)
		}
	}
}

func TestPollOnly(t *testing.T) {
	tuned(t, Tuning{PollOnly: true}, func(r *running) {
		r.after(time.Second, ups.Fresh, "OL")
		r.dev.SetReport(usbtest.Feature, 1, 1, isDischarging|hasBattery)
		r.dev.Push(1, isDischarging|hasBattery)
		r.after(100*time.Millisecond, ups.Fresh, "OL")
		r.after(2*time.Second, ups.Fresh, "OB DISCHRG")
	})
}

func TestInterruptSize(t *testing.T) {
	tuned(t, Tuning{InterruptSize: 2}, func(r *running) {
		r.after(time.Second, ups.Fresh, "OL")
		r.dev.SetReport(usbtest.Feature, 2, 2, 90, 0x10, 0x0e)
		r.dev.Fail(usbtest.Feature, 2, usbtest.Short(2)) // it says no more of it either
		r.dev.Push(2, 90, 1, 0)
		r.after(100*time.Millisecond, ups.Fresh, "OL")
		r.wantVars(map[string]string{"battery.charge": "90", "battery.runtime": "3600"})
	})
}

// soon is what is known of a device after five seconds. Call it in a bubble.
func soon(t *testing.T, dev usb.Device, opts Options) *ups.Snapshot {
	t.Helper()
	u, err := Open(t.Context(), dev, opts)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	store, ended := ups.NewStore(), make(chan error, 1)
	go func() { ended <- u.Run(ctx, store) }()
	time.Sleep(5 * time.Second)
	s := store.Get()
	cancel()
	if err := <-ended; err != nil && !errors.Is(err, ErrUnread) {
		t.Error(err)
	}
	return s
}

// terse is a device that does not answer a question for exactly as much as its descriptor announces.
type terse struct{ *usbtest.Device }

func (n terse) Control(requestType, request uint8, value, index uint16, data []byte) (int, error) {
	if requestType == classFromInterface && len(data) < 64 {
		return 0, usb.ErrStall
	}
	return n.Device.Control(requestType, request, value, index, data)
}

func TestMaxReport(t *testing.T) {
	for _, tt := range []struct {
		tuning Tuning
		want   ups.Freshness
	}{{Tuning{}, ups.Stale}, {Tuning{MaxReport: true}, ups.Fresh}} {
		synctest.Test(t, func(t *testing.T) {
			if s := soon(t, terse{newBench()}, Options{Tuning: tt.tuning}); s.Freshness() != tt.want {
				t.Errorf("%+v: %v", tt.tuning, s.Freshness())
			}
		})
	}
}

// european is an APC made for 230 V that declares the range of one for 120 V.
func european(*testing.T) *usbtest.Device {
	field := func(report uint8, lo, hi int64, path string) hidtest.Built {
		p, err := hid.ParsePath(path, nil)
		if err != nil {
			panic(err)
		}
		return hidtest.Built{Path: p, Kind: hid.Feature, ReportID: report, Size: 16, Min: lo, Max: hi}
	}
	dev := usbtest.New(usb.ID{Vendor: 0x051d, Product: 2, Port: "1-1"}, hidtest.Build(
		field(1, 0, 1, "PowerSummary.PresentStatus.ACPresent"),
		field(0x31, 10, 150, "Input.Voltage"),
		field(0x33, 0, 300, "Input.HighVoltageTransfer"),
	))
	dev.SetReport(usbtest.Feature, 1, 1, 1, 0)
	dev.SetReport(usbtest.Feature, 0x31, 0x31, 230, 0)
	dev.SetReport(usbtest.Feature, 0x33, 0x33, 4, 1)
	return dev
}

func TestAsDescribed(t *testing.T) {
	for as, want := range map[bool]string{false: "230.0", true: "150.0"} {
		benchWith(t, Options{Tuning: Tuning{AsDescribed: as}}, european, func(r *running) {
			r.after(3*time.Second, ups.Fresh, "OL")
			r.wantVars(map[string]string{"input.voltage": want})
		})
	}
}

func TestOnlineDischarge(t *testing.T) {
	const both = onMains | isDischarging | hasBattery
	for name, tt := range map[string]struct {
		tuning Tuning
		want   string
	}{
		"as it is":    {Tuning{}, "OL DISCHRG"},
		"on battery":  {Tuning{OnBattery: true}, "OB DISCHRG"},
		"calibration": {Tuning{Calibration: true}, "CAL DISCHRG"},
		"a drill":     {Tuning{OnBattery: true, Calibration: true}, "CAL OB DISCHRG"},
	} {
		t.Run(name, func(t *testing.T) {
			tuned(t, tt.tuning, func(r *running) {
				r.after(time.Second, ups.Fresh, "OL")
				r.dev.SetReport(usbtest.Feature, 1, 1, both)
				r.dev.Push(1, both)
				r.after(100*time.Millisecond, ups.Fresh, tt.want)
				r.dev.SetReport(usbtest.Feature, 1, 1, isDischarging|hasBattery)
				r.after(3*time.Second, ups.Fresh, "OB DISCHRG")
				r.dev.SetReport(usbtest.Feature, 1, 1, healthy)
				r.after(3*time.Second, ups.Fresh, "OL")
				if name == "as it is" { // then DISCHRG is a word without weight
					return
				}
				r.dev.Push(1, both) // nothing confirms it
				for range 40 {
					r.after(100*time.Millisecond, ups.Fresh, "OL")
				}
			})
		})
	}
}

// TestHesitation has a UPS that complains of its battery while it is on mains, calibrating or not.
func TestHesitation(t *testing.T) {
	const calm, drilling = onMains | hasBattery, onMains | isDischarging | hasBattery
	wait := 5 * time.Second
	for name, tt := range map[string]struct {
		tuning   Tuning
		before   byte
		told     string // at once
		saidLate string // after the wait
	}{
		"not asked for":   {Tuning{}, calm, "ALARM OL LB RB", "ALARM OL LB RB"},
		"not calibrating": {Tuning{Hesitation: &wait}, calm, "ALARM OL LB RB", "ALARM OL LB RB"},
		"always":          {Tuning{Hesitation: &wait, HesitateAlways: true}, calm, "OL", "ALARM OL LB RB"},
		"calibrating":     {Tuning{Hesitation: &wait, Calibration: true}, drilling, "CAL DISCHRG", "ALARM CAL DISCHRG LB RB"},
		"on battery":      {Tuning{Hesitation: &wait, HesitateAlways: true, OnBattery: true}, drilling, "ALARM OB DISCHRG LB RB", "ALARM OB DISCHRG LB RB"},
	} {
		t.Run(name, func(t *testing.T) {
			tuned(t, tt.tuning, func(r *running) {
				r.dev.SetReport(usbtest.Feature, 1, 1, tt.before)
				time.Sleep(3 * time.Second)
				r.dev.SetReport(usbtest.Feature, 1, 1, tt.before|isLow|isOld)
				r.after(4*time.Second, ups.Fresh, tt.told)
				r.after(5*time.Second, ups.Fresh, tt.saidLate)
			})
		})
	}
}

// TestNoHesitation has a model that hesitates by itself, and an owner who does not want that.
func TestNoHesitation(t *testing.T) {
	var none time.Duration
	plug := func(*testing.T) *usbtest.Device {
		dev := usbtest.New(usb.ID{Vendor: 0x051d, Product: 2, Port: "1-1", ProductName: "Back-UPS BX750MI"}, benchDescriptor)
		dev.SetReport(usbtest.Feature, 1, 1, healthy|isLow)
		dev.SetReport(usbtest.Feature, 2, 2, 100, 0x10, 0x0e)
		dev.SetReport(usbtest.Feature, 3, 3, 230, 0)
		return dev
	}
	benchWith(t, Options{}, plug, func(r *running) { r.after(time.Second, ups.Fresh, "OL") })
	benchWith(t, Options{Tuning: Tuning{Hesitation: &none}}, plug, func(r *running) { r.after(time.Second, ups.Fresh, "OL LB") })
}

func TestIgnoreLow(t *testing.T) {
	low := map[string]string{"battery.charge.low": "40"}
	const away = isDischarging | hasBattery
	t.Run("the charge counts, and not the flag", func(t *testing.T) {
		tuned(t, Tuning{IgnoreLow: true, Override: low}, func(r *running) {
			r.dev.SetReport(usbtest.Feature, 1, 1, away|isLow)
			r.after(5*time.Second, ups.Fresh, "OB DISCHRG")
			r.dev.Fail(usbtest.Feature, 2, once(1, 2, 39, 0x10, 0x0e))
			for range 60 { // one reading is not enough
				r.after(100*time.Millisecond, ups.Fresh, "OB DISCHRG")
			}
			r.dev.SetReport(usbtest.Feature, 2, 2, 39, 0x10, 0x0e)
			r.after(3*time.Second, ups.Fresh, "OB DISCHRG LB")
			r.dev.SetReport(usbtest.Feature, 1, 1, onMains|hasBattery|isLow)
			r.after(3*time.Second, ups.Fresh, "OL")
		})
	})
	t.Run("the runtime counts", func(t *testing.T) {
		tuned(t, Tuning{IgnoreLow: true, Default: map[string]string{"battery.runtime.low": "180"}}, func(r *running) {
			r.dev.SetReport(usbtest.Feature, 1, 1, away|isLow)
			r.after(5*time.Second, ups.Fresh, "OB DISCHRG")
			r.dev.SetReport(usbtest.Feature, 2, 2, 90, 179, 0)
			r.after(3*time.Second, ups.Fresh, "OB DISCHRG LB")
		})
	})
	t.Run("the flag counts where there is nothing else", func(t *testing.T) {
		tuned(t, Tuning{IgnoreLow: true}, func(r *running) {
			r.dev.SetReport(usbtest.Feature, 1, 1, away|isLow)
			r.after(3*time.Second, ups.Fresh, "OB DISCHRG LB")
		})
	})
	t.Run("without the option the flag counts alone", func(t *testing.T) {
		tuned(t, Tuning{Override: low}, func(r *running) {
			r.dev.SetReport(usbtest.Feature, 1, 1, away)
			r.dev.SetReport(usbtest.Feature, 2, 2, 39, 0x10, 0x0e)
			r.after(5*time.Second, ups.Fresh, "OB DISCHRG")
		})
	})
}

func TestOverrideAndDefault(t *testing.T) {
	tuning := Tuning{
		Override: map[string]string{"input.voltage": "117", "device.mfr": "Acme", "input.transfer.reason": "x", "battery.type": "Li"},
		Default:  map[string]string{"battery.charge": "3", "input.voltage.nominal": "230"},
	}
	opts := Options{Tuning: tuning, Parameters: map[string]string{"driver.flag.ignorelb": "enabled", "driver.parameter.pollfreq": "99"}}
	benchWith(t, opts, func(*testing.T) *usbtest.Device { return newBench() }, func(r *running) {
		r.after(time.Second, ups.Fresh, "OL")
		r.wantVars(map[string]string{
			"input.voltage": "117", "device.mfr": "Acme", "ups.mfr": "Bench", "input.transfer.reason": "x", "battery.type": "Li",
			"battery.charge": "100", "input.voltage.nominal": "230",
			"driver.flag.ignorelb": "enabled", "driver.parameter.port": "auto", "driver.parameter.pollfreq": "30",
		})
	})
}

// TestDelaysOfCyberPower reads the warnings about delays that the UPS does not keep.
func TestDelaysOfCyberPower(t *testing.T) {
	for given, want := range map[string]bool{"ups.delay.shutdown 60": false, "ups.delay.shutdown 90": true, "ups.delay.shutdown 0": false,
		"ups.delay.start 30": true, "ups.delay.start -1": false, "ups.delay.start 120": false} {
		for vendor, warned := range map[uint16]bool{0x0764: want, 0x1209: false} {
			name, value, _ := strings.Cut(given, " ")
			var log bytes.Buffer
			opts := Options{Logger: slog.New(slog.NewTextHandler(&log, nil))}
			synctest.Test(t, func(t *testing.T) {
				opts.Desk = NewDesk(map[string]string{name: value})
				soon(t, usbtest.New(usb.ID{Vendor: vendor, Port: "1-1"}, benchDescriptor), opts)
			})
			if got := strings.Contains(log.String(), "whole minutes"); got != warned {
				t.Errorf("%s of %04x: warned %v, want %v", given, vendor, got, warned)
			}
		}
	}
}
