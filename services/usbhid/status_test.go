package usbhid

import "testing"

func TestStatusWords(t *testing.T) {
	type tested struct {
		name    string
		known   flag // beside those that are on
		on      flag
		battery battery
		want    string
	}
	unknown := battery{-1, -1, -1, -1}
	for _, tt := range []tested{
		{"nothing known", 0, 0, unknown, ""},
		{"only things that are not power", lowBattery | overload, replaceBattery, unknown, "RB"},
		{"mains", 0, acPresent, unknown, "OL"},
		{"no mains", acPresent, 0, unknown, "OB"},
		{"no mains, discharging", acPresent, discharging, unknown, "OB DISCHRG"},
		{"discharging without word of mains", 0, discharging, unknown, "OB DISCHRG"},
		{"mains, discharging (BK650M2-CH)", 0, acPresent | discharging, unknown, "OL DISCHRG"},
		{"charging", 0, acPresent | charging, battery{92, -1, -1, -1}, "OL CHRG"},
		{"charging at 100 %", 0, acPresent | charging, battery{100, -1, -1, -1}, "OL"},
		{"charging, not yet full at 100 %", fullyCharged, acPresent | charging, battery{100, -1, -1, -1}, "OL CHRG"},
		{"low", acPresent, lowBattery, unknown, "OB LB"},
		{"time limit", acPresent, timeExpired, unknown, "OB LB"},
		{"shutdown imminent", acPresent, shutdownImminent, unknown, "OB LB"},
		{"low by charge", acPresent, 0, battery{9, 10, -1, -1}, "OB LB"},
		{"low by runtime", acPresent, 0, battery{-1, -1, 59, 60}, "OB LB"},
		{"low by charge on mains", 0, acPresent, battery{9, 10, -1, -1}, "OL"},
		{"low by charge, but a flag says not", acPresent | lowBattery, 0, battery{9, 10, -1, -1}, "OB"},
		{"low without a threshold", acPresent, 0, battery{0, -1, 0, -1}, "OB"},
		{"everything", 0, acPresent | discharging | charging | lowBattery | overload | noBattery | trim | boost | autoBypass | off | calibrating, unknown,
			"CAL OL DISCHRG CHRG LB OVER RB TRIM BOOST BYPASS OFF"},
		{"the charger tells, and not the summary (Eaton ABM, resting)", abmCharging | abmDischarging, acPresent | monitored | charging, battery{92, -1, -1, -1}, "OL"},
		{"the charger tells: floating", 0, acPresent | monitored | abmCharging, battery{92, -1, -1, -1}, "OL CHRG"},
		{"the charger tells: discharging", acPresent | abmCharging, monitored | abmDischarging, unknown, "OB DISCHRG"},
		{"the charger tells nothing", 0, acPresent | monitored | charging, battery{92, -1, -1, -1}, "OL CHRG"},
		{"ABM is off", monitored, acPresent | charging | abmDischarging, battery{92, -1, -1, -1}, "OL CHRG"},
		{"a test: mains, but the battery feeds the load", 0, acPresent | batteryUsed | discharging, unknown, "OB DISCHRG"},
		{"the battery is used, but not discharging (PowerWalker VI 1500 RT)", discharging, acPresent | batteryUsed, unknown, "OL"},
		{"bypass", 0, acPresent | batteryUsed | discharging | autoBypass, unknown, "OL DISCHRG BYPASS"},
		{"off", 0, acPresent | batteryUsed | discharging | off, unknown, "OL DISCHRG OFF"},
		{"the battery's time is over", 0, acPresent | batteryAged, unknown, "OL RB"},
	} {
		f := flags{known: tt.known | tt.on, on: tt.on}
		if got := statusWords(f, tt.battery, false); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
	if got := statusWords(flags{on: acPresent}, unknown, true); got != "ALARM OL" {
		t.Errorf("alarm: %q", got)
	}
}

func TestWorries(t *testing.T) {
	for _, tt := range []struct {
		f    flags
		want flag
	}{
		{flags{}, 0},
		{flags{known: acPresent}, acAbsent},
		{flags{known: acPresent | discharging, on: acPresent | discharging}, 0},
		{flags{known: discharging, on: discharging}, acAbsent},
		{flags{known: acPresent | overload | trim, on: acPresent | overload | trim}, overload},
	} {
		if got := tt.f.worries(); got != tt.want {
			t.Errorf("%+v: %b, want %b", tt.f, got, tt.want)
		}
	}
}
