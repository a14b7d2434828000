package usbhid

import (
	"slices"
	"testing"
	"time"

	"github.com/upscard/upscard/services/hid"
	"github.com/upscard/upscard/services/usb"
	"github.com/upscard/upscard/services/usb/usbtest"
)

// TestTrippLiteUnits has the products that send their voltages in other units than they declare.
func TestTrippLiteUnits(t *testing.T) {
	device := func(battery, line, frequency, current int64) []built {
		return []built{
			{path: "BatterySystem.Battery.ConfigVoltage", id: 4, raw: 12, unit: hid.Volt, exponent: 7},
			{path: "Flow.ConfigVoltage", id: 1, raw: 120, unit: hid.Volt, exponent: 7},
			{path: "BatterySystem.Battery.Voltage", id: 0x20, raw: battery, unit: hid.Volt, exponent: 7},
			{path: "PowerConverter.Output.Voltage", id: 0x1b, raw: line, unit: hid.Volt, exponent: 6},
			{path: "PowerConverter.Input.Frequency", id: 0x19, raw: frequency, exponent: -1},
			{path: "PowerConverter.Output.Current", id: 0x46, raw: current, exponent: -1},
		}
	}
	wild := device(135, 1197, 59900, 1000)
	wild[2].exponent, wild[3].exponent = 1, 1
	right := map[string]string{"battery.voltage": "13.5", "output.voltage": "119.7", "input.frequency": "59.9", "output.current": "1.0"}
	for _, tt := range []struct {
		name    string
		product uint16
		fields  []built
		faulty  map[string]string // by the generic table
	}{
		{"tenths of the battery's volt", 0x2010, device(135, 1197, 599, 10), map[string]string{"battery.voltage": "135.0"}},
		{"tenths, of a product that is not known", 0x2fff, device(135, 1197, 599, 10), map[string]string{"battery.voltage": "135.0"}},
		{"output in tenths (protocol 2007)", 0x2007, device(135, 11970, 599, 10), map[string]string{"output.voltage": "1197.0"}},
		{"wild exponents", 0x3016, wild, map[string]string{"battery.voltage": "0.0", "output.voltage": "0.0", "input.frequency": "5990.0", "output.current": "100.00"}},
		{"wild exponents", 0x3024, wild, map[string]string{"battery.voltage": "0.0"}},
	} {
		expect(t, tt.name+", as declared", readOf(t, &generic, usb.ID{}, tt.fields...), tt.faulty)
		for _, id := range []usb.ID{
			{Vendor: 0x09ae, Product: tt.product, ProductName: "TRIPP LITE UPS", Serial: "2250AVLSM872100251"},
			{Vendor: 0x09ae, Product: tt.product, ProductName: "Another", Serial: "1"},
		} {
			if f := familyOf(id); f != &tripplite {
				t.Fatalf("%v is of %s", id, f.name)
			}
			expect(t, tt.name, readOf(t, &tripplite, id, tt.fields...), right)
			expect(t, tt.name+", other reports", readOf(t, &tripplite, id, reordered(tt.fields)...), right)
		}
	}
	four := device(13, 1197, 599, 10)
	expect(t, "a right descriptor", readOf(t, &tripplite, usb.ID{Vendor: 0x09ae, Product: 0x4003}, four...), map[string]string{"battery.voltage": "13.0", "output.voltage": "119.7"})
}

// TestTrippLiteProducts has the makers that share Hewlett-Packard's id.
func TestTrippLiteProducts(t *testing.T) {
	for id, want := range map[usb.ID]bool{
		{Vendor: 0x09ae, Product: 0x4003}: true, {Vendor: 0x09ae, Product: 0xabcd}: true,
		{Vendor: 0x03f0, Product: 0x1fe0}: true, {Vendor: 0x03f0, Product: 0x1f0a}: true,
		{Vendor: 0x03f0, Product: 0x1fe5}: false, {Vendor: 0x03f0, Product: 0x0024}: false,
	} {
		if got := familyOf(id) == &tripplite; got != want {
			t.Errorf("%v is of %s", id, familyOf(id).name)
		}
	}
}

// TestTrippLiteOrders checks what the commands that act on the load write, also for the ECO550UPS, which comes back by its watchdog only.
func TestTrippLiteOrders(t *testing.T) {
	mains := built{path: "PowerSummary.PresentStatus.ACPresent", id: 1, raw: 1, size: 1}
	watchdog := built{path: "OutletSystem.Outlet.TLWatchdog", id: 2, size: 8}
	off := built{path: "OutletSystem.Outlet.DelayBeforeShutdown", id: 3, raw: 0xffff}
	on := built{path: "OutletSystem.Outlet.TLDelayBeforeStartup", id: 4, raw: 0xffff}
	reboot := built{path: "OutletSystem.Outlet.DelayBeforeReboot", id: 5, raw: 0xffff}
	for _, tt := range []struct {
		name   string
		want   [][]byte
		fields []built
	}{
		{"shutdown.reboot", [][]byte{{2, 10}}, []built{mains, watchdog, off}},
		{"shutdown.reboot", [][]byte{{5, 10, 0}}, []built{mains, watchdog, off, reboot}},
		{"reset.watchdog", [][]byte{{2, 60}}, []built{mains, watchdog, off}},
		{"shutdown.return", [][]byte{{4, 30, 0}, {3, 20, 0}}, []built{mains, off, on}},
		{"shutdown.stayoff", [][]byte{{4, 0xff, 0xff}, {3, 20, 0}}, []built{mains, off, on}},
		{"load.off", [][]byte{{3, 0, 0}}, []built{mains, off}},
	} {
		playOf(t, usb.ID{Vendor: 0x09ae, Product: 0x1008, Port: "1-1"}, Options{}, func(p *played) {
			if got, err := p.order(tt.name, ""); err != nil || !slices.EqualFunc(got, tt.want, slices.Equal) {
				t.Errorf("%s wrote % x, %v, want % x", tt.name, got, err, tt.want)
			}
		}, tt.fields...)
	}
}

// TestTrippLiteConfusedPages has the OMNI1000LCD, which takes the usages of its status from the wrong page.
func TestTrippLiteConfusedPages(t *testing.T) {
	fields := []built{
		{path: "PowerSummary.PresentStatus.008400d0", id: 0x32, raw: 1, size: 1},
		{path: "PowerSummary.PresentStatus.00840044", id: 0x33, raw: 1, size: 1},
		{path: "PowerSummary.PresentStatus.0084004b", id: 0x34, raw: 1, size: 1},
	}
	expect(t, "as the class names it", readOf(t, &generic, usb.ID{}, fields...), map[string]string{"ups.status": ""})
	id := usb.ID{Vendor: 0x09ae, Product: 0x2005}
	expect(t, "OMNI1000LCD", readOf(t, &tripplite, id, fields...), map[string]string{"ups.status": "ALARM OL CHRG RB"})
	expect(t, "other reports", readOf(t, &tripplite, id, reordered(fields)...), map[string]string{"ups.status": "ALARM OL CHRG RB"})
}

// TestTrippLiteForbidden has the firmware that must not be asked for one report or one string.
func TestTrippLiteForbidden(t *testing.T) {
	fields := []built{
		{path: "PowerSummary.PresentStatus.ACPresent", id: 0x32, raw: 1},
		{path: "PowerSummary.iDeviceChemistry", id: 0x2a, raw: 7},
		{path: "OutletSystem.Outlet.ActivePower", id: 0x54, raw: 500},
		{path: "PowerConverter.Output.ActivePower", id: 0x47, raw: 493},
	}
	for _, tt := range []struct {
		product          uint16
		reports, strings bool
		power, chemistry string
	}{
		{0x4003, true, true, "500.0", "PbAc"},
		{0x1330, false, true, "493.0", "PbAc"},
		{0x1003, true, false, "500.0", "unknown"},
		{0x2005, true, false, "500.0", "unknown"},
	} {
		for _, serial := range []string{"", "9533ALCPS585700043"} {
			id := usb.ID{Vendor: 0x09ae, Product: tt.product, Port: "1-1", Serial: serial}
			playOf(t, id, Options{}, func(p *played) {
				reports := slices.ContainsFunc(p.dev.Transfers(), func(tr usbtest.Transfer) bool { return tr.Value == 3<<8|0x54 })
				if reports != tt.reports || p.dev.strings > 0 != tt.strings {
					t.Errorf("%04x: report asked for: %v, string %d times", tt.product, reports, p.dev.strings)
				}
				p.expect(map[string]string{"ups.power": tt.power, "battery.type": tt.chemistry, "ups.status": "OL"})
			}, fields...)
		}
	}
}

// TestTrippLiteAtRest has the timers that stand at 65535 for -1: they do not run, so the charge is not read with the status.
func TestTrippLiteAtRest(t *testing.T) {
	for raw, most := range map[int64]int{0xffff: 4, 30: 100} {
		fields := []built{
			{path: "PowerSummary.PresentStatus.ACPresent", id: 1, raw: 1, size: 1},
			{path: "OutletSystem.Outlet.DelayBeforeShutdown", id: 2, raw: raw},
			{path: "PowerSummary.RemainingCapacity", id: 3, raw: 100},
		}
		playOf(t, usb.ID{Vendor: 0x09ae, Product: 0x2010, Port: "1-1"}, Options{}, func(p *played) {
			before := len(p.dev.Transfers())
			time.Sleep(time.Minute)
			n := 0
			for _, tr := range p.dev.Transfers()[before:] {
				if tr.Value == 3<<8|3 {
					n++
				}
			}
			if n > most || n < most/4 {
				t.Errorf("with a timer at %d the charge is read %d times in a minute", raw, n)
			}
		}, fields...)
	}
}
