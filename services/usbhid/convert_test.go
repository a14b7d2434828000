package usbhid

import (
	"math"
	"testing"

	"github.com/upscard/upscard/services/hid"
	"github.com/upscard/upscard/services/ups"
)

func TestConvert(t *testing.T) {
	for _, tt := range []struct {
		name string
		show convert
		v    float64
		want string // "" for none
	}{
		{"number", decimals(1), 13.46, "13.5"},
		{"negative zero", decimals(0), -0.2, "0"},
		{"not a number", decimals(0), math.NaN(), ""},
		{"infinite", decimals(0), math.Inf(1), ""},
		{"kelvin", celsius, 297.05, "23.9"},
		{"degrees", celsius, 39, "39.0"},
		{"packed date", date, 17455, "2014/01/15"},
		{"no date", date, 0, "not set"},
		{"date that is none", date, 1 << 20, ""},
		{"APC date", apcDate, 0x102202, "2002/10/22"},
		{"APC date of the last century", apcDate, 0x123199, "1999/12/31"},
		{"test", testResults, 1, "Done and passed"},
		{"test that is none", testResults, 0, ""},
		{"beeper", beeperStates, 3, "muted"},
		{"charge above 100", percent, 104, "100"},
	} {
		got, ok := tt.show.show(tt.v, &inputs{})
		if got != tt.want && ok || ok != (tt.want != "") {
			t.Errorf("%s: %q %v, want %q", tt.name, got, ok, tt.want)
		}
	}
	if got, _ := percent.show(3000, &inputs{full: 6000}); got != "50" {
		t.Errorf("half of 6000 mAh is %s %%", got)
	}
}

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		" CPS\n":               "CPS",
		`Back-UPS "ES\700"`:    "Back-UPS ES700",
		"Eaton\x00\x01 5É":     "Eaton 5",
		"\xff\xfe":             "",
		"plain ~ text 100 % !": "plain ~ text 100 % !",
	} {
		if got := clean(in); got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
}

func TestPattern(t *testing.T) {
	for _, tt := range []struct {
		pattern, path string
		want          bool
	}{
		{"Input.Voltage", "UPS.Input.Voltage", true},
		{"Input.Voltage", "UPS.Input.[1].Voltage", false},
		{"PowerConverter?.Input.[1]?.Voltage", "UPS.Input.Voltage", true},
		{"PowerConverter?.Input.[1]?.Voltage", "UPS.PowerConverter.Input.[1].Voltage", true},
		{"PowerConverter?.Input.[1]?.Voltage", "UPS.PowerConverter.Input.[2].Voltage", false},
		{"PowerConverter?.Input.[1]?.Voltage", "UPS.PowerConverter.Voltage", false},
		{"Voltage", "UPS.Voltage", true},
		{"Voltage", "UPS", false},
	} {
		path, err := hid.ParsePath(tt.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := compile(tt.pattern, nil).matches(path); got != tt.want {
			t.Errorf("%s matches %s: %v", tt.pattern, tt.path, got)
		}
	}
}

func TestScales(t *testing.T) {
	in := &inputs{vars: map[string]ups.Var{}}
	voltage := twoThirds()
	for _, tt := range []struct {
		nominal string
		v       float64
		want    string
	}{{"", 36, "36.0"}, {"24", 36, "24.0"}, {"24", 30, "20.0"}} {
		in.vars["battery.voltage.nominal"] = ups.Var{Value: tt.nominal}
		if got, _ := voltage.show(tt.v, in); got != tt.want {
			t.Errorf("%g V of %s V: %s, want %s", tt.v, tt.nominal, got, tt.want)
		}
	}
	frequency := tenths()
	for _, tt := range []struct {
		v    float64
		want string
	}{{0, "0.0"}, {499, "49.9"}, {60, "6.0"}} {
		if got, _ := frequency.show(tt.v, in); got != tt.want {
			t.Errorf("%g Hz: %s, want %s", tt.v, got, tt.want)
		}
	}
}
