package usbhid

import (
	"github.com/upscard/upscard/services/hid"
	"github.com/upscard/upscard/services/usb"
)

// legrand are the UPSes of Legrand: Keor PDU and Keor SP.
var legrand = family{
	name:    "Legrand HID",
	devices: []product{{0x1cb0, 0}},
	about:   "Keor PDU and Keor SP of Legrand",
	quirks: []string{
		"Voltages of 16 bits with a maximum of 255 are read whole; those of the Keor SP are tenths of a volt, whatever is declared.",
	},
	vendor:      "Legrand",
	rows:        func(usb.ID) []row { return legrandRows },
	commands:    legrandCommands,
	without:     legrandWithout,
	repair:      repairLegrand,
	noInterrupt: []uint16{0x0032, 0x0038},
}

var legrandRows = []row{
	{"battery.charge.low", "PowerSummary.RemainingCapacityLimit", decimals(0), seldom},
	{"battery.voltage.nominal", "PowerSummary.ConfigVoltage", decimals(1), static},
	{"battery.voltage.nominal", "BatterySystem.Battery.ConfigVoltage", decimals(0), static},
	{"battery.voltage", "PowerSummary.Voltage", decimals(1), seldom},
	{"input.voltage", "Input.Voltage", decimals(0), seldom},
	{"input.voltage", "PowerConverter.Input.Voltage", decimals(1), seldom},
	{"input.transfer.low", "Input.LowVoltageTransfer", decimals(0), static},
	{"input.transfer.low", "PowerConverter.Output.LowVoltageTransfer", decimals(0), static},
	{"input.transfer.high", "Input.HighVoltageTransfer", decimals(0), static},
	{"input.transfer.high", "PowerConverter.Output.HighVoltageTransfer", decimals(0), static},
	{"input.voltage.nominal", "Flow.ConfigVoltage", decimals(0), static},
	{"output.voltage", "Output.Voltage", decimals(0), seldom},
	{"output.voltage", "PowerConverter.Output.Voltage", decimals(1), seldom},
	{"output.frequency", "Output.Frequency", decimals(0), seldom},
	{"ups.realpower.nominal", "Flow.ConfigApparentPower", decimals(0), static}, // the Keor SP's only nominal power
}

// legrandCommands differ from the specification: 3 silences the beeper for good (Legrand's own table for NUT, 2018).
var legrandCommands = []commandRow{
	{"beeper.disable", "PowerSummary.AudibleAlarmControl", fixed(3)},
}

// legrandWithout are what Legrand left out of its own table for NUT.
var legrandWithout = []string{
	"battery.runtime.low", "battery.type", "beeper.mute", "input.frequency", "input.frequency.nominal",
	"output.frequency.nominal", "output.voltage.nominal", "ups.beeper.status", "ups.power.nominal",
	"ups.timer.shutdown", "ups.timer.start", "ups.timer.reboot",
}

// legrandTenths is the exponent of tenths of a volt, in HID's unit of 1e-7 V.
const legrandTenths = 6

// repairLegrand corrects voltages. They have 16 bits, of which the declared maximum of 255 leaves the lower 8 (Keor PDU 800: 12 17 09 is 232.7
// V and not 2.3; Keor SP: 25.0 V for 229.8, 24 V for the transfer at 280; NUT's issues 616, 1535 and 3540). Those of the Keor SP are tenths of
// a volt, whatever their exponents say.
func repairLegrand(_ usb.ID, d *hid.Descriptor) {
	for i := range d.Fields {
		f := &d.Fields[i]
		switch f.Usage().String() {
		case "Voltage":
			if f.Unit == hid.Volt && f.Exponent < legrandTenths-1 {
				f.Exponent = legrandTenths
			}
		case "LowVoltageTransfer", "HighVoltageTransfer":
		default:
			continue
		}
		widen(f)
	}
}

// widen gives a field of 16 bits with a maximum of 255, all that a vendor wrote of it, its upper 8 bits back.
func widen(f *hid.Field) {
	if f.Size == 16 && f.LogicalMin == 0 && f.LogicalMax == 1<<8-1 {
		f.LogicalMax = 1<<16 - 1
	}
}
