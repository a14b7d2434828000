package usbhid

import (
	"github.com/upscard/upscard/services/hid"
	"github.com/upscard/upscard/services/usb"
)

// cyberpower are the UPSes of Cyber Power Systems, among them those branded Cyber Energy with ST Microelectronics' vendor id.
var cyberpower = family{
	name:    "CyberPower HID",
	devices: []product{{0x0764, 0}, {0x0483, 0xa430}},
	vendor:  "CPS",
	about:   "UPSes of Cyber Power Systems and those branded Cyber Energy",
	quirks: []string{
		"Voltages that inherit the range of the transfer voltage, or whose range is encoded in too few bytes, get one that holds the mains.",
		"A nominal power above the declared maximum is read whole.",
		"What resets itself when it was not asked for anything for 15 to 20 seconds is asked each 8 seconds at least, whatever `pollinterval` says.",
		"Product 0501: a battery voltage half as high again as it can be is corrected, and so are frequencies in tenths of a hertz.",
	},
	names: hid.Names{
		0xff0100d0: "CPSFirmwareVersion",
		0xff010043: "CPSInputSensitivity",
	},
	rows:     cyberpowerRows,
	commands: cyberpowerCommands,
	repair:   repairCyberPower,
	pollFreq: 12,
	idle:     8,
}

func cyberpowerRows(id usb.ID) []row {
	battery, input, output := decimals(1), decimals(1), decimals(1)
	if id.Product == 0x0501 {
		battery, input, output = twoThirds(), tenths(), tenths()
	}
	return []row{
		{"battery.mfr.date", "Battery.ManufacturerDate", rw(date, 10), static},
		{"battery.mfr.date", "PowerSummary.iOEMInformation", text, static}, // the string "CPS" on many: NUT shows it too
		{"battery.voltage.nominal", "PowerSummary.ConfigVoltage", decimals(0), static},
		{"battery.voltage", "PowerSummary.Voltage", battery, seldom},
		{"battery.status", "PowerSummary.FullChargeCapacity", percentSign, seldom},
		{"ups.firmware", "PowerSummary.CPSFirmwareVersion", text, static},
		{"ups.delay.shutdown", "Output.DelayBeforeShutdown", kept("60"), static},
		{"ups.delay.start", "Output.DelayBeforeStartup", kept("120"), static},
		{"input.frequency", "Input.Frequency", input, seldom},
		{"input.sensitivity", "Output.CPSInputSensitivity", rw(words(map[int64]string{0: "low", 1: "normal", 2: "high"}), 10), seldom},
		{"output.frequency", "Output.Frequency", output, seldom},
	}
}

var cyberpowerCommands = []commandRow{
	{"load.off.delay", "Output.DelayBeforeShutdown", after("ups.delay.shutdown", 60)},
	{"load.on.delay", "Output.DelayBeforeStartup", after("ups.delay.start", 120)},
	{"beeper.on", "PowerSummary.AudibleAlarmControl", fixed(2)},
	{"beeper.off", "PowerSummary.AudibleAlarmControl", fixed(3)},
}

var percentSign = shown(func(v float64, _ *inputs) (string, bool) {
	s, ok := format(v, 0)
	return s + "%", ok
})

// twoThirds corrects the battery voltage of the models that report it half as high again. It decides once, when the
// nominal voltage is known.
func twoThirds() convert {
	scale, decided := 1.0, false
	return shown(func(v float64, in *inputs) (string, bool) {
		if nominal := in.number("battery.voltage.nominal"); !decided && nominal > 0 && v > 0 {
			decided = true
			if v/nominal > 1.4 {
				scale = 2.0 / 3
			}
		}
		return format(v*scale, 1)
	})
}

// tenths corrects the frequency of the models that report tenths of a hertz without saying so. It decides once, on
// the first value that is a mains frequency either way.
func tenths() convert {
	scale, decided := 1.0, false
	return shown(func(v float64, _ *inputs) (string, bool) {
		switch {
		case decided:
		case v >= 45 && v <= 65:
			decided = true
		case v >= 450 && v <= 650:
			scale, decided = 0.1, true
		}
		return format(v*scale, 1)
	})
}

// The ranges that CyberPower's descriptors should have declared, in volts and watts.
const (
	maxVoltage = 511
	maxPower   = 2048
)

// repairCyberPower corrects the ranges of voltages and of the nominal power.
func repairCyberPower(id usb.ID, d *hid.Descriptor) {
	if id.Vendor != 0x0764 || id.Product != 0x0501 && id.Product != 0x0601 {
		return
	}
	input, output := fieldOf(d, 0x0f, "Voltage"), fieldOf(d, 0x12, "Voltage")
	inherited(output, input, fieldOf(d, 0x10, "HighVoltageTransfer"))
	misencoded(output, input)
	for i := range d.Fields {
		f := &d.Fields[i]
		if f.ReportID == 0x18 && f.Usage().String() == "ConfigActivePower" {
			f.LogicalMax = max(f.LogicalMax, maxPower)
		}
	}
}

// inherited repairs voltages without a range of their own: they inherit the transfer voltage's, 260 V to 270 V on the
// CP1300EPFCLCD.
func inherited(output, input, transfer *hid.Field) {
	same := func(f *hid.Field) bool {
		return f.LogicalMin == transfer.LogicalMin && f.LogicalMax == transfer.LogicalMax
	}
	if output == nil || transfer == nil || !same(output) {
		return
	}
	if input != nil && same(input) {
		input.LogicalMin, input.LogicalMax = 0, maxVoltage
	}
	output.LogicalMin, output.LogicalMax = 0, maxVoltage
}

// misencoded repairs voltages whose maximum was encoded in too few bytes. A wrong one of the input is taken to hold
// for the output, which follows it.
func misencoded(output, input *hid.Field) {
	if output == nil || input == nil || !output.MaxAssumed && !input.MaxAssumed {
		return
	}
	if input.MaxAssumed {
		input.LogicalMax = max(input.LogicalMax, maxVoltage)
	}
	output.LogicalMax = max(output.LogicalMax, input.LogicalMax, maxVoltage)
	for _, f := range []*hid.Field{input, output} {
		f.LogicalMax = min(f.LogicalMax, 1<<f.Size-1)
	}
}
