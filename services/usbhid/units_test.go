package usbhid

import (
	"testing"

	"github.com/upscard/upscard/services/ups"
)

func TestUnits(t *testing.T) {
	in := &inputs{vars: map[string]ups.Var{"nominal": {Value: "12.0"}}}
	for _, tt := range []struct {
		name string
		show convert
		v    float64
		want string
	}{
		{"right", near("nominal", 1), 13.5, "13.5"},
		{"almost empty", near("nominal", 1), 9, "9.0"},
		{"tenths", near("nominal", 1), 135, "13.5"},
		{"without exponent", near("nominal", 1), 1.35e-4, "13.5"},
		{"none", near("nominal", 1), 0, "0.0"},
		{"near by no power", near("nominal", 1), 5000, "5000.0"},
		{"nominal is not known", near("unknown", 1), 135, "135.0"},
		{"hertz", mainsHertz, 59.9, "59.9"},
		{"tenths of a hertz", mainsHertz, 599, "59.9"},
		{"hundredths of a hertz", mainsHertz, 5990, "59.9"},
		{"no mains", mainsHertz, 0, "0.0"},
		{"minutes", minutes, 3, "180"},
		{"scaled", scaled(0.1, 1), 139, "13.9"},
		{"type of a Belkin", belkinType, 0x13, "simple online"},
		{"type of a Belkin that has none", belkinType, 0x10, "online"},
		{"firmware of a Belkin", belkinFirmware, 0x123, "18"},
	} {
		if got, ok := tt.show.show(tt.v, in); !ok || got != tt.want {
			t.Errorf("%s: %q %v, want %q", tt.name, got, ok, tt.want)
		}
	}
	for seconds, want := range map[float64]float64{0: 1, 1: 2, 30: 2, 60: 2, 61: 3, 3600: 61} {
		if got, err := inMinutes(seconds); err != nil || got != want {
			t.Errorf("%g s are %g minutes, %v, want %g", seconds, got, err, want)
		}
	}
}
