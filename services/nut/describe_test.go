package nut

import (
	"encoding/json"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

func TestDescribe(t *testing.T) {
	tests := []struct{ name, want string }{
		{"battery.charge", "Battery charge in percent"},
		{"Battery.Charge", "Battery charge in percent"},
		{"upstream.battery.charge", "Battery charge in percent"},
		{"device.2.battery.charge", "Battery charge in percent"},
		{"input.voltage", "Input voltage in volts"},
		{"input.voltage.nominal", "Input voltage in volts, nominal"},
		{"input.voltage.low.critical", "Input voltage in volts, level below which it is critical"},
		{"input.bypass.L1-N.voltage.maximum", "Bypass input voltage in volts, highest seen, L1 to neutral"},
		{"output.L2.power.percent", "Output apparent power in volt-amperes, in percent of the maximum, phase L2"},
		{"output.inverter.latency", "Seconds that the inverter needs to start"},
		{"outlet.3.current", "Outlet current in amperes"},
		{"outlet.3.delay.shutdown", "Seconds to wait before the outlet is switched off"},
		{"outlet.2.alarm", "Outlet alarms"},
		{"outlet.group.1.voltage.status", "Outlet group voltage in volts, compared with its levels"},
		{"ambient.temperature", "Ambient temperature in degrees Celsius"},
		{"ambient.2.contacts.1.status", "State of the dry contact"},
		{"ambient.1.humidity.high", "Ambient relative humidity in percent, upper limit"},
		{"battery.voltage", "Battery voltage in volts"},
		{"ups.realpower.nominal", "Real power drawn in watts, nominal"},
		{"driver.parameter.pollinterval", "Setting that the driver runs with"},
		{"driver.parameter.", noDescription},
		{"experimental.outlet.1.present", "Value whose name may still change"},
		{"made.up", noDescription},
		{"voltage", noDescription},
		{"", noDescription},
		{"...", noDescription},
	}
	for _, tt := range tests {
		if got := DescribeVar(tt.name); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
	for _, tt := range []struct{ name, want string }{
		{"load.off", "Switches the load off at once"},
		{"outlet.2.load.off", "Switches the outlet off at once"},
		{"outlet.group.3.load.on.delay", "Switches the outlet group on after a delay"},
		{"b'load.off'", noDescription},
	} {
		if got := DescribeCommand(tt.name); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

// TestEveryDeviceIsDescribed: of what NUT's users have seen of their devices nothing is without a description.
func TestEveryDeviceIsDescribed(t *testing.T) {
	f, err := os.Open("../../../shared/facts/device-dumps.jsonl")
	if err != nil {
		t.Skip("the dumps of devices are not part of the sources: ", err)
	}
	defer f.Close()
	n := 0
	for dumps := json.NewDecoder(f); ; n++ {
		var d struct {
			Dump               string
			Variables          map[string]string
			Commands, Writable []string
		}
		if err := dumps.Decode(&d); err == io.EOF {
			break
		} else if err != nil {
			t.Fatalf("dump %d: %v", n+1, err)
		}
		for _, name := range slices.AppendSeq(d.Writable, maps.Keys(d.Variables)) {
			if DescribeVar(name) == noDescription {
				t.Errorf("%s: variable %s", d.Dump, name)
			}
		}
		for _, name := range d.Commands {
			if DescribeCommand(name) == noDescription {
				t.Errorf("%s: command %s", d.Dump, name)
			}
		}
	}
	t.Log(n, "dumps")
}

// TestDescriptionsArePlain: no client has to unescape one, none is told twice.
func TestDescriptionsArePlain(t *testing.T) {
	for _, table := range []map[string]string{varDescriptions, commandDescriptions, places, quantities} {
		for name, d := range table {
			if d == "" || strings.ContainsAny(d, `"\#`) || len(d) > 80 {
				t.Errorf("%s: %q", name, d)
			}
			if plainName, _ := plain(name); plainName != name {
				t.Errorf("%s can never be found, only %s", name, plainName)
			}
		}
	}
	if n := len(slices.Collect(maps.Keys(varDescriptions))); n < 150 {
		t.Errorf("%d descriptions", n)
	}
}
