package usbhid

import "github.com/upscard/upscard/services/hid"

// tripplite are the UPSes of Tripp Lite, and those that it makes for Hewlett-Packard.
var tripplite = family{
	name: "TrippLite HID",
	devices: []product{
		{0x09ae, 0},
		{0x03f0, 0x0001}, {0x03f0, 0x1f06}, {0x03f0, 0x1f08}, {0x03f0, 0x1f09}, {0x03f0, 0x1f0a},
		{0x03f0, 0x1fe0}, {0x03f0, 0x1fe1}, {0x03f0, 0x1fe2}, {0x03f0, 0x1fe3},
	},
	about: "UPSes of Tripp Lite, and those that it makes for Hewlett-Packard",
	quirks: []string{
		"Voltages, frequencies and currents are read in the units that the product is known to send, whatever it declares.",
		"What the firmware of some products cannot be asked for (a report of the SU3000LCD2UHV, a text of the AVR550U and OMNI1000LCD) is not asked for.",
		"The OMNI1000LCD, which takes usages of the battery page for those of the power page, is understood.",
	},
	names: hid.Names{
		0xffff0010: "TLCustom",
		0xffff0056: "TLDelayBeforeStartup",
		0xffff0057: "TLLowVoltageTransferMax",
		0xffff0058: "TLLowVoltageTransferMin",
		0xffff0059: "TLHighVoltageTransferMax",
		0xffff005a: "TLHighVoltageTransferMin",
		0xffff007c: "TLFirmwareVersion",
		0xffff007f: "TLPartNumber",
		0xffff0092: "TLWatchdog",
		// The OMNI1000LCD takes the battery page's numbers for the power page's.
		0x00840044: "TLCharging",
		0x00840045: "TLDischarging",
		0x0084004b: "TLNeedReplacement",
		0x008400d0: "TLACPresent",
	},
	rows: trippliteRows,
	flags: []flagRow{
		{acPresent, "PowerSummary.PresentStatus.TLACPresent", isSet},
		{charging, "PowerSummary.PresentStatus.TLCharging", isSet},
		{discharging, "PowerSummary.PresentStatus.TLDischarging", isSet},
		{replaceBattery, "PowerSummary.PresentStatus.TLNeedReplacement", isSet},
	},
	commands: []commandRow{
		{"load.on.delay", "OutletSystem.Outlet.DelayBeforeStartup", after("ups.delay.start", 30)},
		{"load.on.delay", "OutletSystem.Outlet.TLDelayBeforeStartup", after("ups.delay.start", 30)},
		{"shutdown.reboot", "OutletSystem.Outlet.DelayBeforeReboot", fixed(10)},
		{"shutdown.reboot", "OutletSystem.Outlet.TLWatchdog", fixed(10)}, // ECO550UPS: it has no other way to come back
		{"reset.watchdog", "OutletSystem.Outlet.TLWatchdog", fixed(60)},
		{"beeper.on", "PowerSummary.AudibleAlarmControl", fixed(2)},
		{"beeper.off", "PowerSummary.AudibleAlarmControl", fixed(3)},
	},
	without: []string{"input.frequency.nominal"}, // Flow tells the output's
	defects: []defect{
		{product: 0x1003, text: "battery.type"}, // AVR550U
		{product: 0x1330, report: 0x54},         // SU3000LCD2UHV
		{product: 0x2005, text: "battery.type"}, // OMNI1000LCD
	},
}

// trippliteUnits says what a product takes for a volt of the battery, and for a volt, hertz and ampere of the lines.
type trippliteUnits struct{ battery, line, frequency, current convert }

// trippliteTenths are the products that count tenths of the battery's volt, as protocols 1 and 2 do.
var trippliteTenths = []uint16{
	0x1003, 0x1007, 0x1008, 0x1009, 0x1010,
	0x2005, 0x2007, 0x2008, 0x2009, 0x2010, 0x2011, 0x2012, 0x2013, 0x2014,
}

// trippliteRight are the products whose descriptors are right.
var trippliteRight = []uint16{
	0x1330, 0x3008, 0x3009, 0x3010, 0x3011, 0x3012, 0x3013, 0x3014, 0x3015,
	0x4001, 0x4002, 0x4003, 0x4004, 0x4005, 0x4006, 0x4007, 0x4008,
}

// trippliteWild are the products that leave out the exponents of volts and declare those of hertz and amperes too high (SMART1500LCDT,
// AVR750U of protocol 3024).
var trippliteWild = []uint16{0x3016, 0x3024}
