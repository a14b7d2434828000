package usbhid

import (
	"testing"

	"github.com/upscard/upscard/services/hid"
)

// delayField is a delay in steps of a minute, as CyberPower and Legrand declare it: logical -1 is -60 s.
func delayField() hid.Field {
	return hid.Field{
		Path: hid.Path{0x840004, 0x84001c, 0x840057}, Kind: hid.Feature, ReportID: 1, Size: 16, Flags: hid.Variable,
		LogicalMin: -1, LogicalMax: 32767, PhysicalMin: -60, PhysicalMax: 1966020,
	}
}

// TestDelayInMinutes writes seconds into a delay that counts minutes. Zero, which acts at once, is only what was asked for as zero.
func TestDelayInMinutes(t *testing.T) {
	f := delayField()
	for _, tt := range []struct {
		seconds float64
		want    int64
	}{{0, 0}, {1, 1}, {20, 1}, {29, 1}, {60, 1}, {89, 1}, {120, 2}, {abort, -1}} {
		report := []byte{1, 0x55, 0x55}
		raw, err := put(&f, report, tt.seconds)
		wire := []byte{1, byte(tt.want), byte(tt.want >> 8)}
		if err != nil || raw != tt.want || string(report) != string(wire) {
			t.Errorf("%g s: %d, % x, %v; want %d", tt.seconds, raw, report, err, tt.want)
		}
	}
}

// TestDelayIsLengthened asks for delays between those that the field can hold.
func TestDelayIsLengthened(t *testing.T) {
	f := delayField()
	for v, want := range map[float64]float64{abort: abort, 0: 0, 1: 60, 60: 60, 61: 120, 80: 120, 120: 120, 1966020: 1966020, 1966021: 1966021} {
		if got := lengthen(&f, v); got != want {
			t.Errorf("%g s: %g, want %g", v, got, want)
		}
	}
}

// TestMinusOneElsewhere writes -1 where it stops nothing.
func TestMinusOneElsewhere(t *testing.T) {
	f := hid.Field{Path: hid.Path{0x840004, 0x840036}, Kind: hid.Feature, ReportID: 1, Size: 8, LogicalMin: -100, LogicalMax: 100, Exponent: -1}
	report := []byte{1, 0}
	if raw, err := put(&f, report, -1); err != nil || raw != -10 {
		t.Errorf("%d, %v; want -10", raw, err)
	}
}
