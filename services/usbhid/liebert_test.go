package usbhid

import (
	"slices"
	"testing"

	"github.com/upscard/upscard/services/usb"
)

// TestPhoenixtecClaims has the makers that share Phoenixtec's ids.
func TestPhoenixtecClaims(t *testing.T) {
	for _, tt := range []struct {
		maker, product string
		claimed        bool
	}{
		{"PPC", "Offline UPS", true},
		{"PPC", "HID UPS", true},
		{"LIEBERT", "PowerSure Personal XT", true},
		{"", "", true},
		{"PPC", "PowerWalker VI 650 SH", false},
		{"AEG", "PROTECT NAS", false},
		{"PPC", "AEG PROTECT NAS", false},
		{"-BMS-", "Smart-Battery", false},
		{"", "Smart-Battery", false},
	} {
		id := usb.ID{Vendor: 0x06da, Product: 0xffff, Manufacturer: tt.maker, ProductName: tt.product, Serial: "000000000"}
		if got := familyOf(id) == &liebert; got != tt.claimed {
			t.Errorf("%q %q is of %s", tt.maker, tt.product, familyOf(id).name)
		}
	}
}

// TestPhoenixtecReadings has the limits of in- and output, which the class's table takes for one another.
func TestPhoenixtecReadings(t *testing.T) {
	fields := []built{
		{path: "PowerSummary.PresentStatus.ACPresent", id: 1, raw: 1, size: 1},
		{path: "PowerSummary.PresentStatus.Good", id: 2, raw: 0, size: 1},
		{path: "PowerConverter.Output.HighVoltageTransfer", id: 3, raw: 253},
		{path: "PowerConverter.Output.PPCHighVoltageTransfer", id: 4, raw: 290},
		{path: "PowerConverter.Output.PPCLowFrequencyTransfer", id: 5, raw: 45},
		{path: "PowerSummary.Voltage", id: 6, raw: 271, exponent: -1},
	}
	class := slices.Clone(fields)
	for i := range class {
		class[i].path = map[int]string{3: "PowerConverter.Output.ffff0058", 4: "PowerConverter.Output.ffff00f9"}[i]
		if class[i].path == "" {
			class[i].path = fields[i].path
		}
	}
	expect(t, "as the class has it", readOf(t, &generic, usb.ID{}, class...), map[string]string{"input.transfer.high": "253", "ups.status": "OL"})
	for _, fields := range [][]built{fields, reordered(fields)} {
		for _, serial := range []string{"000000000", "Blank"} {
			m := readOf(t, &liebert, usb.ID{Vendor: 0x06da, Product: 0xffff, Serial: serial}, fields...)
			expect(t, "Phoenixtec", m, map[string]string{
				"output.transfer.high": "253.0", "input.transfer.high": "290", "input.frequency.transfer.low": "45", "battery.voltage": "27.10", "ups.status": "OL OFF",
			})
		}
	}
}

// TestPhoenixtecOrders checks what is written that the class does not name.
func TestPhoenixtecOrders(t *testing.T) {
	fields := []built{
		{path: "PowerSummary.PresentStatus.ACPresent", id: 1, raw: 1, size: 1},
		{path: "BatterySystem.Battery.Test", id: 2, raw: 6, size: 8},
		{path: "PowerSummary.AudibleAlarmControl", id: 3, raw: 2, size: 8},
		{path: "PowerSummary.DelayBeforeShutdown", id: 4, raw: 0xffff},
		{path: "PowerSummary.DelayBeforeStartup", id: 5, raw: 0xffff},
	}
	for name, want := range map[string][][]byte{
		"test.battery.start": {{2, 1}},
		"beeper.toggle":      {{3, 1}},
		"load.off.delay":     {{4, 20, 0}},
		"shutdown.return":    {{5, 30, 0}, {4, 20, 0}},
		"shutdown.stop":      {{4, 0xff, 0xff}},
	} {
		playOf(t, usb.ID{Vendor: 0x06da, Product: 0xffff, Port: "1-1"}, Options{}, func(p *played) {
			if got, err := p.order(name, ""); err != nil || !slices.EqualFunc(got, want, slices.Equal) {
				t.Errorf("%s wrote % x, %v, want % x", name, got, err, want)
			}
		}, fields...)
	}
}
