package usbhid

import (
	"math"
	"strconv"
	"testing"
)

func TestOpenUPSQuirks(t *testing.T) {
	const minibox, openups, openups2 = 0x04d8, 0xd004, 0xd005
	temperature := []said{{"PowerSummary.Temperature", 533, -2}}
	var quirks []quirk
	for _, c := range []struct {
		path, variable, fault, first, second string
		raw                                  uint32
		exponent                             int
	}{
		{"PowerSummary.Input.Voltage", "input.voltage", "3.9", "13.79", "0.39", 389, -2},
		{"PowerSummary.Output.Voltage", "output.voltage", "", "11.96", "0.47", 465, -2},
		{"PowerSummary.Input.Current", "input.current", "", "0.583", "0.705", 705, -2},
		{"PowerSummary.Output.Current", "output.current", "", "0.113", "0.007", 7, -2},
	} {
		says := []said{{c.path, c.raw, c.exponent}, {"PowerSummary.PresentStatus.ACPresent", 1, 0}}
		quirks = append(quirks, quirk{c.variable, minibox, openups, says, c.variable, c.fault, c.first},
			quirk{c.variable + " of the OpenUPS2", minibox, openups2, says, c.variable, c.fault, c.second})
	}
	quirks = append(quirks,
		quirk{"counts of a thermistor", minibox, openups, temperature, "battery.temperature", "", "27.23"},
		quirk{"they are no degrees of the UPS", minibox, openups, temperature, "ups.temperature", "5.3", ""},
		quirk{"not good is off", minibox, openups, []said{{"PowerSummary.PresentStatus.ACPresent", 1, 0}, {"PowerSummary.PresentStatus.Good", 0, 0}},
			"ups.status", "OL", "OL OFF"},
	)
	readRight(t, quirks)
}

func TestThermistor(t *testing.T) {
	for _, test := range []struct {
		counts float64
		want   string
	}{
		{0, "-40.00"}, {49, "-40.00"}, {83.02, "-30.00"}, {275.1, "0.00"}, {512, "25.00"}, {723.1, "50.00"}, {972.4, "125.00"}, {1023, "125.00"}, {1e9, "125.00"},
		{-5, "-40.00"},
	} {
		if got, ok := thermistor.show(test.counts/100, nil); !ok || !alike(got, test.want) {
			t.Errorf("%v counts are %s °C, want %s", test.counts, got, test.want)
		}
	}
	last := math.Inf(-1)
	for n := range 1024 {
		s, _ := thermistor.show(float64(n)/100, nil)
		v, err := strconv.ParseFloat(s, 64)
		if err != nil || v < last {
			t.Fatalf("%d counts are %q, colder than one fewer", n, s)
		}
		last = v
	}
	if s, ok := thermistor.show(math.NaN(), nil); ok {
		t.Errorf("no number is %s °C", s)
	}
}

// alike allows for what the data sheet's last digit hides.
func alike(got, want string) bool {
	x, err := strconv.ParseFloat(got, 64)
	y, _ := strconv.ParseFloat(want, 64)
	return err == nil && math.Abs(x-y) < 0.05
}
