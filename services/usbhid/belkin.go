package usbhid

import (
	"github.com/upscard/upscard/services/hid"
	"github.com/upscard/upscard/services/usb"
)

// belkin are the UPSes of Belkin, and those of Liebert (Emerson, Vertiv) whose firmware descends from theirs. Belkin's have a page of
// their own, 0x86; Liebert's speak the class with wrong exponents.
var belkin = family{
	name:    "Belkin/Liebert HID",
	devices: []product{{0x050d, 0}, {0x10af, 0}},
	about:   "UPSes of Belkin, and those of Liebert (Emerson, Vertiv) whose firmware descends from theirs",
	quirks: []string{
		"Belkin's usages, which are a page of their own, and the numbers into which they pack their state are read.",
		"Liebert's voltages, which some firmware sends 1e5 or 1e7 times too small, and its frequencies in tenths or hundredths are corrected.",
		"Liebert's flag for a low battery outside of PresentStatus lies and is left out: a low battery (LB) is computed.",
	},
	names: hid.Names{
		0x00860010: "BELKINBatterySystem",
		0x0086001a: "BELKINInput",
		0x0086001c: "BELKINOutput",
		0x00860021: "BELKINPowerStatus",
		0x00860022: "BELKINBatteryStatus",
		0x00860026: "BELKINConfig",
		0x00860027: "BELKINControls",
		0x00860028: "BELKINStatus",
		0x00860029: "BELKINDevice",
		0x0086002a: "BELKINPowerState",
		0x00860030: "BELKINVoltage",
		0x00860032: "BELKINFrequency",
		0x00860034: "BELKINPower",
		0x00860035: "BELKINPercentLoad",
		0x00860036: "BELKINTemperature",
		0x00860039: "BELKINCharge",
		0x00860040: "BELKINConfigVoltage",
		0x00860042: "BELKINConfigFrequency",
		0x00860043: "BELKINConfigApparentPower",
		0x00860044: "BELKINConfigBatteryVoltage",
		0x00860045: "BELKINConfigOverloadTransfer",
		0x00860053: "BELKINLowVoltageTransfer",
		0x00860054: "BELKINHighVoltageTransfer",
		0x00860055: "BELKINDelayBeforeReboot",
		0x00860056: "BELKINDelayBeforeStartup",
		0x00860057: "BELKINDelayBeforeShutdown",
		0x00860058: "BELKINTest",
		0x0086005a: "BELKINAudibleAlarmControl",
		0x0086005b: "BELKINLowVoltageTransferMax",
		0x0086005c: "BELKINLowVoltageTransferMin",
		0x0086005d: "BELKINHighVoltageTransferMax",
		0x0086005e: "BELKINHighVoltageTransferMin",
		0x00860074: "BELKINVoltageSensitivity",
		0x0086007c: "BELKINUPSType",
	},
	rows:     func(usb.ID) []row { return belkinRows },
	flags:    belkinFlags,
	commands: belkinCommands,
	without: []string{
		"battery.runtime.low",                                                      // the Liebert GXT4 has it in 24 bits of ones
		"test.battery.start.quick", "test.battery.start.deep", "test.battery.stop", // and a constant for a test
	},
	vendor: "Belkin",
	repair: repairLiebert,
}

// belkinFlags read the numbers in which Belkin packs its state. The register is that of its serial protocol.
var belkinFlags = []flagRow{
	{acPresent, "BELKINStatus.BELKINPowerStatus", bitsOff(1 << 0)},
	{selfTest, "BELKINControls.BELKINTest", isValue(inProgress)},
	{overload, "BELKINStatus.BELKINPowerStatus", bitsOn(1 << 4)},
	{off, "BELKINStatus.BELKINPowerStatus", bitsOn(1 << 5)},
	{overheated, "BELKINStatus.BELKINPowerStatus", bitsOn(1 << 6)},
	{fault, "BELKINStatus.BELKINPowerStatus", bitsOn(1 << 7)},
	{awaitingPower, "BELKINStatus.BELKINPowerStatus", bitsOn(1 << 13)},
	{lowBattery, "BELKINStatus.BELKINBatteryStatus", bitsOn(1 << 2)},
	{depleted, "BELKINStatus.BELKINBatteryStatus", bitsOn(1 << 6)},
	{replaceBattery, "BELKINStatus.BELKINBatteryStatus", bitsOn(1 << 7)},
	// Outside of PresentStatus the class's own flag for a low battery lies in this firmware: LB is computed instead.
	{lowBattery, "PowerSummary.BelowRemainingCapacityLimit", mute},
}

var belkinCommands = []commandRow{
	{"test.battery.start.quick", "BELKINControls.BELKINTest", pulse(1)},
	{"test.battery.start.deep", "BELKINControls.BELKINTest", pulse(2)},
	{"test.battery.stop", "BELKINControls.BELKINTest", pulse(3)},
	{"beeper.disable", "BELKINControls.BELKINAudibleAlarmControl", fixed(1)},
	{"beeper.enable", "BELKINControls.BELKINAudibleAlarmControl", fixed(2)},
	{"beeper.mute", "BELKINControls.BELKINAudibleAlarmControl", fixed(3)},
	{"beeper.on", "BELKINControls.BELKINAudibleAlarmControl", fixed(2)},
	{"beeper.off", "BELKINControls.BELKINAudibleAlarmControl", fixed(3)},
	{"load.off", "BELKINControls.BELKINDelayBeforeShutdown", pulse(1)},
	{"load.on", "BELKINControls.BELKINDelayBeforeStartup", pulse(1)},
	{"load.off.delay", "BELKINControls.BELKINDelayBeforeShutdown", after("ups.delay.shutdown", 20)},
	{"load.on.delay", "BELKINControls.BELKINDelayBeforeStartup", packed(after("ups.delay.start", 30), inMinutes)},
	{"shutdown.stop", "BELKINControls.BELKINDelayBeforeShutdown", fixed(abort)},
	{"shutdown.reboot", "BELKINControls.BELKINDelayBeforeReboot", fixed(10)},
}

// repairLiebert corrects the exponents of voltages. Some firmware forgets that a HID volt is 1e-7 V, some forgets part of that, so
// that 221.8 V come as 2.218e-5 or 2.218e-3; nominal voltages have the same exponent but count whole volts.
func repairLiebert(_ usb.ID, d *hid.Descriptor) {
	for i := range d.Fields {
		f := &d.Fields[i]
		usage := f.Usage().String()
		if f.Usage().Page() != hid.PagePowerDevice || usage != "Voltage" && usage != "ConfigVoltage" {
			continue
		}
		switch step := f.Scale(); {
		case step < -9 || step > -5: // no firmware is known to do that
		case usage == "ConfigVoltage" && step == -8:
			f.Exponent += 8
		case step <= -7:
			f.Exponent += 7
		default:
			f.Exponent += 5
		}
	}
}
