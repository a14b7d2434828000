package usbhid

import (
	"maps"
	"slices"
	"testing"

	"github.com/upscard/upscard/services/hid"
	"github.com/upscard/upscard/services/hid/hidtest"
	"github.com/upscard/upscard/services/usb"
	"github.com/upscard/upscard/services/usb/usbtest"
)

// eatonDevice makes a UPS with the fields, each with a report of its own, of 32 bits. In another order they have other reports.
func eatonDevice(id usb.ID, values map[string]int64, reversed bool) *usbtest.Device {
	paths := slices.Sorted(maps.Keys(values))
	start := uint8(1)
	if reversed {
		slices.Reverse(paths)
		start = 0x40
	}
	var built []hidtest.Built
	for i, path := range paths {
		built = append(built, hidtest.Built{Path: longest(path, eatonNames), Kind: hid.Feature, ReportID: start + uint8(i), Min: syntheticMin, Max: syntheticMax})
	}
	id.Port = "1-1"
	dev := usbtest.New(id, hidtest.Build(built...))
	for i, path := range paths {
		raw := uint32(int32(values[path]))
		dev.SetReport(usbtest.Feature, built[i].ReportID, built[i].ReportID, byte(raw), byte(raw>>8), byte(raw>>16), byte(raw>>24))
	}
	return dev
}

// eatonReading is a model that has read all of eatonDevice.
func eatonReading(t *testing.T, id usb.ID, values map[string]int64, iModel string, reversed bool) *model {
	t.Helper()
	dev := eatonDevice(id, values, reversed)
	b := make([]byte, largest)
	n, err := dev.Control(fromInterface, getDescriptor, descriptorReport<<8, 0, b)
	if err != nil {
		t.Fatal(err)
	}
	m := newModel(id, first(hid.Parse(b[:n])))
	for _, report := range m.descriptor.Reports(hid.Feature) {
		answer := make([]byte, 5)
		if _, err := dev.Control(classFromInterface, getReport, hid.Feature.Type()<<8|uint16(report), 0, answer); err != nil {
			t.Fatal(err)
		}
		m.commit(m.decode(key{hid.Feature, report}, answer))
	}
	m.texts.set(9, iModel)
	return m
}

// TestEatonABM reads the charger's state by both of its fields, whose numbers differ; what the summary says of charging is wrong meanwhile.
func TestEatonABM(t *testing.T) {
	const enable, mode, state = "BatterySystem.Charger.ABMEnable", "BatterySystem.Charger.Mode", "BatterySystem.Charger.Status"
	for _, tt := range []struct {
		name         string
		abm          map[string]int64
		charger, say string
	}{
		{"no ABM", nil, "", "OL CHRG"},
		{"disabled", map[string]int64{enable: 0, mode: 4}, "", "OL CHRG"},
		{"no charger", map[string]int64{enable: 1}, "", "OL CHRG"},
		{"mode: charging", map[string]int64{enable: 1, mode: 1}, "charging", "OL CHRG"},
		{"mode: discharging", map[string]int64{enable: 1, mode: 2}, "discharging", "OL DISCHRG"},
		{"mode: floating", map[string]int64{enable: 1, mode: 3}, "floating", "OL CHRG"},
		{"mode: resting", map[string]int64{enable: 1, mode: 4}, "resting", "OL"},
		{"mode: off", map[string]int64{enable: 1, mode: 6}, "off", "OL"},
		{"status: floating", map[string]int64{enable: 1, state: 2}, "floating", "OL CHRG"},
		{"status: resting", map[string]int64{enable: 1, state: 3}, "resting", "OL"},
		{"status: discharging", map[string]int64{enable: 1, state: 4}, "discharging", "OL DISCHRG"},
		{"both: the mode counts", map[string]int64{enable: 1, mode: 4, state: 4}, "resting", "OL"},
		{"both, but no ABM", map[string]int64{mode: 4, state: 4}, "", "OL CHRG"},
	} {
		values := map[string]int64{"PowerSummary.PresentStatus.ACPresent": 1, "PowerSummary.PresentStatus.Charging": 1, "PowerSummary.RemainingCapacity": 97}
		maps.Copy(values, tt.abm)
		for _, reversed := range []bool{false, true} {
			vars := eatonReading(t, usb.ID{Vendor: 0x0463, Product: 0xffff}, values, "", reversed).vars(nil)
			if c, s := vars["battery.charger.status"].Value, vars["ups.status"].Value; c != tt.charger || s != tt.say {
				t.Errorf("%s: %q, %q, want %q, %q", tt.name, c, s, tt.charger, tt.say)
			}
		}
	}
}

// TestEatonStatus reads flags that stand in fields of the vendor's own.
func TestEatonStatus(t *testing.T) {
	for _, tt := range []struct {
		name   string
		values map[string]int64
		status string
		vars   map[string]string
	}{
		{"off", map[string]int64{"PowerSummary.PresentStatus.ACPresent": 1, "PowerSummary.PresentStatus.Good": 0, "PowerConverter.Input.[1].PresentStatus.Used": 0},
			"OL OFF", nil},
		{"the converter tells of the mains", map[string]int64{"PowerConverter.Input.[1].PresentStatus.Used": 1}, "OL", nil},
		{"and that they are gone", map[string]int64{"PowerConverter.Input.[1].PresentStatus.Used": 0}, "OB", nil},
		{"a test", map[string]int64{"PowerSummary.PresentStatus.ACPresent": 1, "PowerSummary.PresentStatus.Discharging": 1,
			"PowerConverter.Input.[3].PresentStatus.Used": 1}, "OB DISCHRG", nil},
		{"the battery is said to be used on healthy mains", map[string]int64{"PowerSummary.PresentStatus.ACPresent": 1,
			"PowerSummary.PresentStatus.Discharging": 0, "PowerConverter.Input.[3].PresentStatus.Used": 1}, "OL", nil},
		{"ECO mode", map[string]int64{"PowerSummary.PresentStatus.ACPresent": 1, "PowerConverter.Input.[5].PresentStatus.Used": 1,
			"PowerConverter.Input.[5].Switchable": 1},
			"OL", map[string]string{"experimental.ups.mode.buzzwords": "vendor:default:ECO", "input.eco.switchable": "ECO"}},
		{"ECO mode is allowed, no more", map[string]int64{"PowerSummary.PresentStatus.ACPresent": 1, "PowerConverter.Input.[5].PresentStatus.Used": 0,
			"PowerConverter.Input.[5].Switchable": 1},
			"OL", map[string]string{"experimental.ups.mode.buzzwords": "", "input.eco.switchable": "ECO"}},
		{"the highest of the overloads alone", map[string]int64{"PowerSummary.PresentStatus.ACPresent": 1, "PowerSummary.PresentStatus.Overload": 1,
			"PowerConverter.Output.Overload.[1].PresentStatus.OverThreshold": 0}, "OL OVER", nil},
		{"a worn battery, though its time is not over", map[string]int64{"PowerSummary.PresentStatus.ACPresent": 1,
			"PowerSummary.PresentStatus.NeedReplacement": 1, "LCMSystem.LCMAlarm.[2].PresentStatus.TimerExpired": 0},
			"ALARM OL RB", map[string]string{"ups.alarm": "Replace battery!"}},
		{"alarms", map[string]int64{"PowerSummary.PresentStatus.ACPresent": 1, "PowerSummary.PresentStatus.FanFailure": 1,
			"PowerConverter.Input.[1].PresentStatus.WiringFault": 1}, "ALARM OL", map[string]string{"ups.alarm": "Fan failure! Wiring fault!"}},
	} {
		vars := eatonReading(t, usb.ID{Vendor: 0x0463, Product: 0xffff}, tt.values, "", false).vars(nil)
		if got := vars["ups.status"].Value; got != tt.status {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.status)
		}
		for name, want := range tt.vars {
			if got := vars[name].Value; got != want {
				t.Errorf("%s: %s is %q, want %q", tt.name, name, got, want)
			}
		}
	}
}

// TestKSTAR reads a UPS whose capacities are in mAh and whose beeper has two fields.
func TestKSTAR(t *testing.T) {
	field := func(report uint8, size int, most int64, exponent int, path string) hidtest.Built {
		return hidtest.Built{Path: longest(path, nil), Kind: hid.Feature, ReportID: report, Size: size, Max: most, Exponent: exponent}
	}
	for _, first := range []uint8{1, 0x30} {
		fields := []hidtest.Built{
			field(first, 8, 1, 1, "AudibleAlarmControl"),
			field(first+1, 8, 10, 1, "AudibleAlarmControl"),
			field(first+2, 16, 65535, 0, "PowerSummary.FullChargeCapacity"),
			field(first+3, 16, 65535, 0, "PowerSummary.RemainingCapacity"),
			field(first+4, 16, 65535, 0, "PowerSummary.RemainingCapacityLimit"),
			field(first+5, 8, 1, 0, "PowerSummary.ACPresent"),
		}
		wires := [][]byte{{0}, {2}, {0xdc, 0x05}, {0xdc, 0x05}, {150, 0}, {0}}
		read := func(id usb.ID) *model {
			d, _ := hid.Parse(hidtest.Build(fields...))
			m := newModel(id, d)
			for i, wire := range wires {
				m.commit(m.decode(key{hid.Feature, first + uint8(i)}, append([]byte{first + uint8(i)}, wire...)))
			}
			m.judgeLow()
			m.judgeLow()
			return m
		}
		if got := read(usb.ID{Vendor: 0x1209}).vars(nil)["ups.beeper.status"].Value; got != "" {
			t.Errorf("the class reads a beeper that is %q", got)
		}
		vars := read(usb.ID{Vendor: 0x09d6, Product: 1, Manufacturer: "KSTAR", ProductName: "UPS HI"}).vars(nil)
		for name, want := range map[string]string{
			"ups.beeper.status": "enabled", "battery.charge": "100", "battery.charge.low": "10",
			"ups.status": "OB", // 150 is no threshold in percent: that made LB at 100 %
		} {
			if got := vars[name].Value; got != want {
				t.Errorf("%s: %q, want %q", name, got, want)
			}
		}
		if v, err := percentLimit.parse("20", &inputs{full: 1500}); err != nil || v != 300 {
			t.Errorf("20 %% of 1500 mAh is %g, %v", v, err)
		}
	}
}
