package usbhid

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/upscard/upscard/services/ups"
	"github.com/upscard/upscard/services/usb/usbtest"
)

func TestDischargeWatch(t *testing.T) {
	const both, mains = acPresent | discharging, acPresent
	minute, never := time.Minute, -time.Second
	type look struct {
		after  time.Duration
		on     flag
		charge float64
		want   bool
	}
	for name, tt := range map[string]struct {
		tuning Tuning
		looks  []look
	}{
		"each change of the charge": {Tuning{}, []look{
			{0, both, 90, true}, {time.Hour, both, 90, false}, {time.Second, both, 89, true}, {time.Second, both, 90, true}}},
		"a full battery": {Tuning{}, []look{{0, both, 100, false}, {time.Hour, both, 100, false}, {0, both, 99, true}}},
		"hovering": {Tuning{Hovering: 95}, []look{
			{0, both, 97, false}, {time.Hour, both, 96, false}, {time.Hour, both, 95, false}, {time.Hour, both, 94, true}}},
		"charge not known": {Tuning{}, []look{{0, both, -1, true}, {29 * time.Second, both, -1, false}, {time.Second, both, -1, true}}},
		"throttled": {Tuning{WarnEvery: &minute}, []look{
			{0, both, -1, true}, {30 * time.Second, both, -1, false}, {30 * time.Second, both, -1, true}, {time.Second, both, 50, true}, {time.Minute, both, 50, true}}},
		"once":         {Tuning{WarnEvery: &never}, []look{{0, both, -1, true}, {time.Hour, both, -1, false}}},
		"anew":         {Tuning{WarnEvery: &never}, []look{{0, both, -1, true}, {0, mains, -1, false}, {0, both, -1, true}}},
		"on battery":   {Tuning{}, []look{{0, discharging, 50, false}}},
		"calibrating":  {Tuning{}, []look{{0, both | calibrating, 50, false}}},
		"known to be":  {Tuning{OnBattery: true}, []look{{0, both, 50, false}}},
		"known to cal": {Tuning{Calibration: true}, []look{{0, both, 50, false}}},
	} {
		var w dischargeWatch
		now := time.Unix(1000, 0)
		for i, l := range tt.looks {
			now = now.Add(l.after)
			if got := w.judge(&tt.tuning, flags{known: acPresent | discharging, on: l.on}, l.charge, now); got != l.want {
				t.Errorf("%s, look %d: %v", name, i, got)
			}
		}
	}
}

// TestDischargeIsLogged counts the warnings while a charge sinks on mains.
func TestDischargeIsLogged(t *testing.T) {
	for _, tt := range []struct {
		tuning Tuning
		want   int
	}{{Tuning{}, 5}, {Tuning{Hovering: 97}, 2}, {Tuning{Calibration: true}, 0}} {
		var log bytes.Buffer
		opts := Options{Tuning: tt.tuning, Logger: slog.New(slog.NewTextHandler(&log, nil))}
		benchWith(t, opts, func(*testing.T) *usbtest.Device { return newBench() }, func(r *running) {
			r.dev.SetReport(usbtest.Feature, 1, 1, onMains|isDischarging|hasBattery)
			for charge := byte(100); charge >= 95; charge-- {
				r.dev.SetReport(usbtest.Feature, 2, 2, charge, 0x10, 0x0e)
				time.Sleep(time.Minute)
			}
			if r.store.Get().Freshness() != ups.Fresh {
				t.Error("not fresh")
			}
		})
		if got := strings.Count(log.String(), "mains and discharging at once"); got != tt.want {
			t.Errorf("%+v: %d warnings, want %d", tt.tuning, got, tt.want)
		}
	}
}
