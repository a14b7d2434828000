package usbhid

import (
	"slices"
	"testing"

	"github.com/upscard/upscard/services/hid"
	"github.com/upscard/upscard/services/usb"
)

// TestLiebertExponents has the PowerSure PSA, whose voltages lack the exponent of HID's volt: NUT 2.8.0 and later show 0.0 V as nominal.
func TestLiebertExponents(t *testing.T) {
	device := func(exponent int) []built {
		return []built{
			{path: "Input.Voltage", id: 0x11, raw: 2218, unit: hid.Volt, exponent: exponent},
			{path: "Output.Voltage", id: 0x12, raw: 2226, unit: hid.Volt, exponent: exponent},
			{path: "PowerSummary.Voltage", id: 0x13, raw: 139, unit: hid.Volt, exponent: exponent},
			{path: "PowerSummary.ConfigVoltage", id: 0x14, raw: 12, unit: hid.Volt, exponent: -1},
			{path: "Input.Frequency", id: 0x15, raw: 499},
		}
	}
	right := map[string]string{"input.voltage": "221.8", "output.voltage": "222.6", "battery.voltage": "13.9", "battery.voltage.nominal": "12.0", "input.frequency": "49.9"}
	for _, exponent := range []int{-1, 1} { // 1e7 and 1e5 too small
		fields := device(exponent)
		expect(t, "as declared", readOf(t, &generic, usb.ID{}, fields...),
			map[string]string{"input.voltage": "0.0", "battery.voltage": "0.0", "battery.voltage.nominal": "0.0", "input.frequency": "499.0"})
		for _, id := range []usb.ID{
			{Vendor: 0x10af, Product: 1, ProductName: "LiebertPSA"},
			{Vendor: 0x10af, Product: 4, ProductName: "Another", Serial: "9"},
		} {
			if f := familyOf(id); f != &belkin {
				t.Fatalf("%v is of %s", id, f.name)
			}
			expect(t, "repaired", readOf(t, &belkin, id, fields...), right)
			expect(t, "repaired, other reports", readOf(t, &belkin, id, reordered(fields)...), right)
		}
	}
	fields := device(6) // right, as newer firmware
	fields[3].exponent = 7
	expect(t, "a right descriptor", readOf(t, &belkin, usb.ID{Vendor: 0x10af}, fields...), right)
}

// TestLiebertFrequency has the PSI5, which sends hundredths of a hertz.
func TestLiebertFrequency(t *testing.T) {
	for raw, want := range map[int64]string{0: "0.0", 50: "50.0", 499: "49.9", 5998: "60.0", 650: "65.0"} {
		m := readOf(t, &belkin, usb.ID{Vendor: 0x10af, Product: 2},
			built{path: "PowerConverter.Input.Frequency", id: 3, raw: raw}, built{path: "PowerConverter.Output.Frequency", id: 4, raw: raw})
		expect(t, "frequency", m, map[string]string{"input.frequency": want, "output.frequency": want})
	}
}

// TestBelkinPage has a Belkin, which says everything on a page of its own.
func TestBelkinPage(t *testing.T) {
	fields := []built{
		{path: "BELKINPowerState.BELKINInput.BELKINVoltage", id: 1, raw: 1203},
		{path: "BELKINPowerState.BELKINInput.BELKINFrequency", id: 2, raw: 599},
		{path: "BELKINBatterySystem.BELKINVoltage", id: 3, raw: 139},
		{path: "BELKINBatterySystem.BELKINCharge", id: 4, raw: 97},
		{path: "PowerSummary.RemainingCapacity", id: 5, raw: 3},
		{path: "BELKINDevice.BELKINUPSType", id: 6, raw: 0x22},
		{path: "BELKINDevice.BELKINVoltageSensitivity", id: 7, raw: 1},
		{path: "BELKINControls.BELKINDelayBeforeStartup", id: 8, raw: 2},
		{path: "PowerSummary.iSerialNumber", id: 9, raw: 7},
		{path: "BELKINStatus.BELKINPowerStatus", id: 10},
	}
	want := map[string]string{
		"input.voltage": "120.3", "input.frequency": "59.9", "battery.voltage": "13.9", "battery.charge": "97", "ups.firmware": "2", "ups.type": "line-interactive",
		"input.sensitivity": "reduced", "ups.timer.start": "120", "ups.serial": "PbAc", "device.serial": "PbAc", "ups.status": "OL",
	}
	plain := readOf(t, &belkin, usb.ID{Vendor: 0x050d}, fields[4])
	expect(t, "as the class has it", plain, map[string]string{"battery.charge": "3", "input.voltage": ""})
	for _, product := range []uint16{0x0912, 0x0f51} {
		id := usb.ID{Vendor: 0x050d, Product: product}
		expect(t, "Belkin", readOf(t, &belkin, id, fields...), want)
		expect(t, "Belkin, other reports", readOf(t, &belkin, id, reordered(fields)...), want)
	}
}

// TestBelkinStatus reads the numbers that the state is packed into.
func TestBelkinStatus(t *testing.T) {
	for _, tt := range []struct {
		power, battery int64
		want           string
	}{
		{0, 0, "OL"},
		{0x0001, 0, "OB"},
		{0x0001, 0x04, "OB LB"},
		{0x0010, 0, "OL OVER"},
		{0x0020, 0, "OL OFF"},
		{0x0040, 0, "ALARM OL"},
		{0x2080, 0x80, "ALARM OL RB"},
		{0xffff, 0xff, "ALARM OB LB OVER RB OFF"},
	} {
		m := readOf(t, &belkin, usb.ID{Vendor: 0x050d, Product: 0x0912},
			built{path: "BELKINStatus.BELKINPowerStatus", id: 1, raw: tt.power}, built{path: "BELKINStatus.BELKINBatteryStatus", id: 2, raw: tt.battery, size: 8})
		expect(t, tt.want, m, map[string]string{"ups.status": tt.want})
	}
}

// TestLiebertLowBattery has the flag outside of PresentStatus that lies, on mains and on battery.
func TestLiebertLowBattery(t *testing.T) {
	device := func(ac, low, charge int64) []built {
		return []built{
			{path: "PowerSummary.ACPresent", id: 1, raw: ac, size: 1},
			{path: "PowerSummary.BelowRemainingCapacityLimit", id: 2, raw: low, size: 1},
			{path: "PowerSummary.RemainingCapacity", id: 3, raw: charge},
			{path: "PowerSummary.RemainingCapacityLimit", id: 4, raw: 20},
		}
	}
	for _, tt := range []struct {
		ac, low, charge int64
		faulty, want    string
	}{
		{1, 1, 100, "OL LB", "OL"},
		{0, 1, 90, "OB LB", "OB"},
		{0, 0, 15, "OB", "OB LB"},
	} {
		fields := device(tt.ac, tt.low, tt.charge)
		expect(t, "as declared", readOf(t, &generic, usb.ID{}, fields...), map[string]string{"ups.status": tt.faulty})
		for _, fields := range [][]built{fields, reordered(fields)} {
			id := usb.ID{Vendor: 0x10af, Product: 0x0008, Port: "1-1", ProductName: "Liebert GXT3"}
			playOf(t, id, Options{}, func(p *played) { p.expect(map[string]string{"ups.status": tt.want}) }, fields...)
		}
	}
}

// TestBelkinOrders checks what the commands that act on the load write.
func TestBelkinOrders(t *testing.T) {
	fields := []built{
		{path: "BELKINStatus.BELKINPowerStatus", id: 1},
		{path: "BELKINControls.BELKINDelayBeforeShutdown", id: 2},
		{path: "BELKINControls.BELKINDelayBeforeStartup", id: 3},
	}
	for _, tt := range []struct {
		name, param string
		want        [][]byte
	}{
		{"load.off", "", [][]byte{{2, 1, 0}}},
		{"load.on", "", [][]byte{{3, 1, 0}}},
		{"load.off.delay", "90", [][]byte{{2, 90, 0}}},
		{"load.on.delay", "", [][]byte{{3, 2, 0}}}, // minutes, of which the first is under way
		{"load.on.delay", "61", [][]byte{{3, 3, 0}}},
		{"shutdown.return", "", [][]byte{{3, 2, 0}, {2, 20, 0}}},
		{"shutdown.stayoff", "", [][]byte{{3, 0xff, 0xff}, {2, 20, 0}}},
		{"shutdown.stop", "", [][]byte{{2, 0xff, 0xff}}},
	} {
		playOf(t, usb.ID{Vendor: 0x050d, Product: 0x0912, Port: "1-1"}, Options{}, func(p *played) {
			if got, err := p.order(tt.name, tt.param); err != nil || !slices.EqualFunc(got, tt.want, slices.Equal) {
				t.Errorf("%s %q wrote % x, %v, want % x", tt.name, tt.param, got, err, tt.want)
			}
		}, fields...)
	}
}
