package usbhid

import (
	"math"
	"sort"

	"github.com/upscard/upscard/services/usb"
)

// openups are Mini-Box's UPS boards, which share Microchip's vendor id. They send what their converter measures and leave the scale to the host.
var openups = family{
	name:    "openUPS HID",
	devices: []product{{0x04d8, 0xd004}, {0x04d8, 0xd005}},
	about:   "OpenUPS and OpenUPS2 boards of Mini-Box",
	quirks: []string{
		"Voltages and currents, which are counts of the board's converter, are scaled, for either board by its own factors.",
		"The temperature is read from the counts of a thermistor.",
	},
	vendor: "openUPS",
	rows: func(id usb.ID) []row {
		vin, vout, charge, discharge := 3.545, 2.571, 0.08274, 1.6113
		if id.Product == 0xd005 {
			vin, vout, charge, discharge = 0.1, 0.1, 0.1, 0.1 // the currents' are not confirmed
		}
		return []row{
			{"ups.serial", "PowerSummary.iSerialNumber", text, static},
			{"battery.capacity", "PowerSummary.DesignCapacity", decimals(0), static},
			{"battery.charge.low", "PowerSummary.RemainingCapacityLimit", decimals(0), seldom}, // is set with Mini-Box's own tool
			{"battery.current", "PowerSummary.Current", decimals(3), live},
			{"battery.mfr.date", "PowerSummary.iOEMInformation", text, static},
			{"battery.temperature", "PowerSummary.Temperature", thermistor, live},
			{"battery.voltage", "PowerSummary.Voltage", decimals(2), live},
			{"input.current", "PowerSummary.Input.Current", scaled(charge, 3), live},
			{"input.voltage", "PowerSummary.Input.Voltage", scaled(vin, 2), live},
			{"output.current", "PowerSummary.Output.Current", scaled(discharge, 3), live},
			{"output.voltage", "PowerSummary.Output.Voltage", scaled(vout, 2), live},
		}
	},
	flags:   []flagRow{{off, "PowerSummary.PresentStatus.Good", isClear}},
	without: []string{"battery.voltage.nominal", "ups.temperature"}, // counted in a unit that is not known; the battery's
}

// ntc is the resistance in kΩ of a thermistor of 10 kΩ with B = 3380 K (Murata NCP..XH103's data sheet) from -40 °C in steps of 5.
var ntc = [...]float64{
	195.652, 148.171, 113.347, 87.559, 68.237, 53.650, 42.506, 33.892, 27.219, 22.021, 17.926, 14.674, 12.081, 10.000, 8.315, 6.948, 5.834,
	4.917, 4.161, 3.535, 3.014, 2.586, 2.228, 1.925, 1.669, 1.452, 1.268, 1.110, 0.974, 0.858, 0.758, 0.672, 0.596, 0.531,
}

// ntcLowest and ntcStep are in °C.
const ntcLowest, ntcStep = -40, 5

// thermistor reads hundredths of the counts of a 10-bit converter between a thermistor and a resistor of 10 kΩ: the warmer, the more. Beyond the
// ends of the table nothing is known but that it is that cold or hot.
var thermistor = shown(func(v float64, _ *inputs) (string, bool) {
	counts := func(i int) float64 { return 1024 * 10 / (10 + ntc[i]) }
	if v *= 100; math.IsNaN(v) {
		return "", false
	}
	i := sort.Search(len(ntc), func(i int) bool { return counts(i) >= v })
	switch i {
	case 0:
		return format(ntcLowest, 2)
	case len(ntc):
		return format(ntcLowest+ntcStep*float64(len(ntc)-1), 2)
	}
	part := (v - counts(i-1)) / (counts(i) - counts(i-1))
	return format(ntcLowest+ntcStep*(float64(i-1)+part), 2)
})
