package usbhid

import (
	"github.com/upscard/upscard/services/hid"
	"github.com/upscard/upscard/services/usb"
)

// delta are the UPSes of Delta Electronics, and those that it makes for Minuteman.
var delta = family{
	name:    "Delta UPS HID",
	devices: []product{{0x05dd, 0}},
	about:   "UPSes of Delta and Minuteman",
	quirks: []string{
		"Minuteman PRO1500RT2U: values of 16 bits with a maximum of 255 are read whole, and tenths that are declared as tens are corrected.",
	},
	vendor: "Delta",
	names: hid.Names{
		0xffff0010: "DeltaCustom",
		0xffff00fe: "MinutemanCustom",
		0xffff0057: "DeltaConfigTransferLowMax",
		0xffff0058: "DeltaConfigTransferLowMin",
		0xffff0059: "DeltaConfigTransferHighMax",
		0xffff005a: "DeltaConfigTransferHighMin",
		0xffff0075: "DeltaModelName",
		0xffff007c: "DeltaUPSType",
		0xffff0081: "DeltaConfigStartPowerRestoreDelay",
		0xffff0091: "DeltaOutputSource",
		0xffff009b: "DeltaConfigSensitivity",
		0xffff009c: "DeltaConfigStartPowerRestore",
	},
	rows:     func(usb.ID) []row { return deltaRows },
	flags:    []flagRow{{off, "PowerSummary.PresentStatus.Good", isClear}},
	commands: deltaCommands,
	without:  []string{"input.voltage.nominal", "input.frequency.nominal"}, // Flow, not numbered, is the output
	repair:   repairDelta,
}

var deltaRows = []row{
	{"battery.capacity", "PowerSummary.DesignCapacity", decimals(0), static},
	{"battery.capacity", "PowerSummary.FullChargeCapacity", decimals(0), static},
	{"battery.charge.low", "PowerSummary.RemainingCapacityLimit", rw(decimals(0), 5), seldom},
	{"input.sensitivity", "DeltaCustom.[1].DeltaConfigSensitivity", rw(deltaSensitivities, 10), seldom},
	{"input.source", "OutletSystem.Outlet.DeltaOutputSource", deltaSources, seldom},
	{"input.voltage.nominal", "PowerSummary.Input.ConfigVoltage", decimals(1), static},
	{"input.transfer.low", "PowerConverter.Output.LowVoltageTransfer", rw(decimals(1), 10), seldom},
	{"input.transfer.high", "PowerConverter.Output.HighVoltageTransfer", rw(decimals(1), 10), seldom},
	{"input.transfer.low.min", "PowerConverter.Output.DeltaConfigTransferLowMin", decimals(1), static},
	{"input.transfer.low.max", "PowerConverter.Output.DeltaConfigTransferLowMax", decimals(1), static},
	{"input.transfer.high.min", "PowerConverter.Output.DeltaConfigTransferHighMin", decimals(1), static},
	{"input.transfer.high.max", "PowerConverter.Output.DeltaConfigTransferHighMax", decimals(1), static},
	{"output.voltage.nominal", "Flow.ConfigVoltage", decimals(1), static},
	{"output.frequency.nominal", "Flow.ConfigFrequency", decimals(1), static},
	{"output.current", "PowerConverter.Output.Current", decimals(1), seldom},
	{"ups.model", "DeltaCustom.[1].DeltaModelName", text, static},
	{"device.model", "DeltaCustom.[1].DeltaModelName", text, static},
	{"ups.type", "DeltaCustom.[1].DeltaUPSType", deltaTypes, static},
	{"ups.type", "MinutemanCustom.DeltaUPSType", deltaTypes, static},
	{"ups.start.auto", "DeltaCustom.[1].DeltaConfigStartPowerRestore", rw(noYes, 5), seldom},
	{"ups.start.auto", "MinutemanCustom.DeltaConfigStartPowerRestore", rw(noYes, 5), seldom},
	{"ups.realpower", "OutletSystem.Outlet.ActivePower", decimals(1), seldom},
	{"ups.realpower", "PowerConverter.Output.ActivePower", decimals(1), seldom},
	{"ups.load", "OutletSystem.Outlet.PercentLoad", decimals(1), seldom},
	{"ups.delay.start", "OutletSystem.Outlet.DeltaConfigStartPowerRestoreDelay", rw(decimals(0), 10), seldom},
	{"ups.timer.start", "OutletSystem.Outlet.DelayBeforeStartup", deltaTimer, live},
	{"ups.timer.shutdown", "OutletSystem.Outlet.DelayBeforeShutdown", deltaTimer, live},
	{"ups.timer.reboot", "OutletSystem.Outlet.DelayBeforeReboot", deltaTimer, live},
}

// deltaCommands: ups.delay.start is the UPS's own, for mains that come back, and often 0. It is not what a command waits for.
var deltaCommands = []commandRow{
	{"beeper.on", "PowerSummary.AudibleAlarmControl", fixed(2)},
	{"beeper.off", "PowerSummary.AudibleAlarmControl", fixed(3)},
	{"load.on.delay", "OutletSystem.Outlet.DelayBeforeStartup", after("", 30)},
}

var (
	noYes              = words(map[int64]string{0: "no", 1: "yes"})
	deltaSensitivities = words(map[int64]string{0: "normal", 1: "reduced", 2: "low"})
	deltaSources       = words(map[int64]string{
		0: "normal", 1: "battery", 2: "bypass/reserve", 3: "reducing", 4: "boosting",
		5: "manual bypass", 6: "other", 7: "no output", 8: "on eco",
	})
	deltaTopologies = words(map[int64]string{
		0: "online", 1: "offline", 2: "line-interactive", 3: "offline", 4: "line-interactive", 5: "3-phase", 6: "split-phase",
	})
)

// deltaTypes reads the kind of UPS from the low four bits. The others tell its case.
var deltaTypes = shown(func(v float64, in *inputs) (string, bool) {
	return deltaTopologies.show(float64(int64(v)&0x0f), in)
})

// deltaTimer writes a delay that is stopped as the specification has it. Minuteman declares it without a sign.
var deltaTimer = shown(func(v float64, _ *inputs) (string, bool) {
	if v == 1<<16-1 {
		v = abort
	}
	return format(v, 0)
})

// repairDelta corrects what the PRO1500RT2U of Minuteman (05dd:a0a0) measures: values of 16 bits with a maximum of 255, and tenths that are
// declared as tens (NUT's pull request 1848: 18 d1 04 is 123.3 V and not 0.0, 19 57 02 is 59.9 Hz and not 870, 46 16 00 is 2.2 A and not 220).
func repairDelta(_ usb.ID, d *hid.Descriptor) {
	const tens, tenths, volts = 1, -1, 7 // exponents
	for i := range d.Fields {
		f := &d.Fields[i]
		widen(f)
		switch usage := f.Usage().String(); {
		case f.Exponent != tens:
		case usage == "Voltage" && f.Unit == hid.Volt:
			f.Exponent = tenths + volts
		case usage == "Frequency" || usage == "Current":
			f.Exponent = tenths
		}
	}
}
