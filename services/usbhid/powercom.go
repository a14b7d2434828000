package usbhid

import (
	"github.com/upscard/upscard/services/hid"
	"github.com/upscard/upscard/services/usb"
)

// powercom are the UPSes of Powercom. Most speak the class with encodings of their own; those of 0d9f:0001 have its numbers on usage page 2.
var powercom = powercomFamily(Options{})

func powercomFamily(o Options) family {
	return family{
		name:    "PowerCOM HID",
		devices: []product{{0x0d9f, 0}},
		about:   "UPSes of Powercom",
		quirks: []string{
			"Product 0001 has the class's numbers on usage page 2 and packs its state into two of them: both are read, by interrupts alone, as it answers nothing else.",
			"The battery's voltage is read from the answer to a command of the serial protocol, which is declared as one character.",
			"Delays are written in Powercom's encodings of minutes and seconds, and none ends earlier than asked.",
		},
		heard:  map[uint16]int{0x0001: 8},
		vendor: "PowerCOM",
		page:   0x02,
		names: hid.Names{
			0x00020004:     "PowercomUPS",
			0x00020010:     "PowercomBatterySystem",
			0x00020016:     "PowercomPowerConverter",
			0x0002001a:     "PowercomInput",
			0x0002001c:     "PowercomOutput",
			0x00020030:     "PowercomVoltage",
			0x00020032:     "PowercomFrequency",
			0x00020035:     "PowercomPercentLoad",
			0x00020036:     "PowercomTemperature",
			0x00020056:     "PowercomDelayBeforeStartup",
			0x00020057:     "PowercomDelayBeforeShutdown",
			0x00020058:     "PowercomTest",
			0x00020081:     "PowercomInternalChargeController",
			0x00020082:     "PowercomPrimaryBatterySupport",
			0x00020085:     "PowercomManufacturerDate",
			0x00020086:     "PowercomSerialNumber",
			0x00ff0056:     "PCMDelayBeforeStartup",
			0x00ff0057:     "PCMDelayBeforeShutdown",
			powercomAnswer: "PowercomAnswer",
		},
		rows:     func(usb.ID) []row { return powercomRows(o) },
		flags:    powercomFlags,
		commands: powercomCommands(o),
		without: []string{
			"battery.voltage", "battery.voltage.nominal", // the class's fields hold the output's
			"ups.temperature", // the battery's once more
			"ups.mfr.date", "beeper.mute", "test.battery.start.deep", "test.battery.stop",
			"load.off.delay", "shutdown.stop", "shutdown.reboot",
		},
		repair: repairPowercom,
		tuned: func(o Options) *family {
			f := powercomFamily(o)
			return &f
		},
	}
}

// Where a Powercom repeats its answer to the serial protocol's Q1, seven characters a report: 0xa4 is " 26.6 3", the battery's voltage. NUT
// reads it since 2.8.5 (its issue 2766).
const (
	powercomAnswerReport           = 0xa4
	powercomAnswer       hid.Usage = 0xffff00a4 // not the device's: its field for the report declares one character
	powercomAnswerChars            = 6
)

// repairPowercom adds a field for the voltage within the answer.
func repairPowercom(_ usb.ID, d *hid.Descriptor) {
	if d.ReportLen(hid.Feature, powercomAnswerReport) <= powercomAnswerChars {
		return
	}
	d.Fields = append(d.Fields, hid.Field{
		Path: hid.Path{hid.PagePowerDevice<<16 | 0x04, powercomAnswer}, Kind: hid.Feature, ReportID: powercomAnswerReport,
		Size: 8 * powercomAnswerChars, Flags: hid.Constant | hid.Variable, LogicalMax: 1<<(8*powercomAnswerChars) - 1,
	})
}

// powercomFlags add to the class's the two numbers into which 0d9f:0001 packs its state.
var powercomFlags = []flagRow{
	{acPresent, powercomMode, bitsOff(1 << 0)},
	{lowBattery, powercomMode, bitsOn(1 << 1)},
	{trim, powercomMode, bitsAre(3<<3, 1<<3)},
	{boost, powercomMode, bitsAre(3<<3, 3<<3)},
	{overload, powercomMode, bitsOn(1 << 5)},
	{fault, powercomState, bitsOn(1 << 0)},
	{replaceBattery, powercomState, bitsOn(1 << 1)},
	{calibrating, powercomState, bitsOn(1 << 2)},
	{selfTest, "PowercomPowerConverter.PowercomTest", isValue(inProgress)},
	{shutdownImminent, powercomState, bitsOn(1 << 4)},
	{fault, "PowerSummary?.PresentStatus.CommunicationLost", isSet},
}

const (
	powercomMode  = "PowercomPowerConverter.PowercomOutput.PowercomPrimaryBatterySupport"
	powercomState = "PowercomPowerConverter.PowercomOutput.PowercomInternalChargeController"
)

func powercomRows(o Options) []row {
	shutdown := powercomCountdown(o)
	return []row{
		{"battery.voltage", "PowercomAnswer", powercomVoltage, seldom},
		{"battery.charge", "PowercomBatterySystem.PowercomVoltage", decimals(0), live}, // sic
		{"battery.charge.low", "PowerSummary.RemainingCapacityLimit", decimals(0), seldom},
		{"battery.temperature", "PowercomBatterySystem.PowercomTemperature", decimals(0), seldom},

		{"input.voltage", "PowercomPowerConverter.PowercomInput.PowercomVoltage", scaled(4, 0), seldom},
		{"input.frequency", "PowercomPowerConverter.PowercomInput.PowercomFrequency", decimals(0), seldom},
		{"output.voltage", "PowercomPowerConverter.PowercomOutput.PowercomVoltage", scaled(4, 0), seldom},
		{"output.frequency", "PowercomPowerConverter.PowercomOutput.PowercomFrequency", decimals(0), seldom},

		{"ups.beeper.status", "PowerSummary?.AudibleAlarmControl", words(map[int64]string{1: "enabled", 2: "disabled"}), seldom},
		{"ups.date", "PowerSummary.ManufacturerDate", date, static},
		{"ups.mfr.date", "PowercomManufacturerDate", date, static},
		{"ups.serial", "PowercomSerialNumber", text, static},
		{"device.serial", "PowercomSerialNumber", text, static},
		{"ups.load", "PowercomPowerConverter.PowercomOutput.PowercomPercentLoad", decimals(0), seldom},
		{"ups.test.result", "PowercomPowerConverter.PowercomTest", testResults, seldom},
		{"ups.delay.start", "PowerSummary.DelayBeforeStartup", powercomKept("60", powercomStartup(o)), static},
		{"ups.delay.start", "PowercomPowerConverter.PowercomDelayBeforeStartup", decimals(0), seldom},
		{"ups.delay.shutdown", "PowerSummary.DelayBeforeShutdown", powercomKept("20", powercomShutdown(o)), static},
		{"ups.delay.shutdown", "PowerSummary.PCMDelayBeforeShutdown", powercomKept("20", powercomShutdown(o)), static},
		{"ups.delay.shutdown", "PowercomPowerConverter.PowercomDelayBeforeShutdown", decimals(0), seldom},
		{"ups.timer.start", "PowerSummary.DelayBeforeStartup", powercomStarts, live},
		{"ups.timer.shutdown", "PowerSummary.DelayBeforeShutdown", shutdown, live},
		{"ups.timer.shutdown", "PowerSummary.PCMDelayBeforeShutdown", shutdown, live},
	}
}

func powercomCommands(o Options) []commandRow {
	stayOff := powercomStayOff(o)
	all := []commandRow{
		{"beeper.toggle", "PowerSummary.AudibleAlarmControl", pulse(1)},
		{"beeper.enable", "PowerSummary.AudibleAlarmControl", fixed(1)},
		{"beeper.disable", "PowerSummary.AudibleAlarmControl", pulse(0)}, // is shown as 2
		{"load.on.delay", "PowerSummary.DelayBeforeStartup", unseen(packed(after("ups.delay.start", 60), powercomStartup(o)))},
		{"load.on", "PowerSummary.PCMDelayBeforeStartup", packed(pulse(0), powercomStartup(o))},
		{"load.off", "PowerSummary.PCMDelayBeforeShutdown", packed(pulse(0), stayOff)},
		{"load.off", "PowercomPowerConverter.PowercomDelayBeforeShutdown", pulse(0)},
	}
	for _, path := range []string{"PowerSummary.DelayBeforeShutdown", "PowerSummary.PCMDelayBeforeShutdown"} {
		all = append(all, commandRow{"shutdown.return", path, unseen(packed(after("ups.delay.shutdown", 20), powercomShutdown(o)))})
		if !o.PowercomDiscrete { // the table has no place for it, and no source says what else the field would take
			all = append(all, commandRow{"shutdown.stayoff", path, unseen(packed(after("ups.delay.shutdown", 20), stayOff))})
		}
	}
	return all
}

// unseen is for a field that shows another number than was written.
func unseen(a act) act {
	a.blind = true
	return a
}
