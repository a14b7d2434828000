package usbhid

import "github.com/upscard/upscard/services/usb"

// salicru are the UPSes of Salicru: SPS HOME and SPS ADV, and SLC TWIN, which is Phoenixtec's.
var salicru = family{
	name:    "Salicru HID",
	devices: []product{{0x2e66, 0}},
	about:   "SPS HOME, SPS ADV and SLC TWIN of Salicru",
	vendor:  "Salicru",
	rows:    func(usb.ID) []row { return salicruRows },
	without: salicruWithout,
}

// The nominal output voltage is the generic one: NUT takes PowerSummary.ConfigVoltage for it, which is the battery's.
var salicruRows = []row{
	{"battery.voltage.nominal", "PowerSummary.ConfigVoltage", decimals(0), static},
	{"battery.voltage", "PowerSummary.Voltage", decimals(2), seldom},
	{"input.transfer.low", "PowerConverter.Output.LowVoltageTransfer", decimals(0), static},
	{"input.transfer.high", "PowerConverter.Output.HighVoltageTransfer", decimals(0), static},
}

// salicruWithout are what nobody has tried on these UPSes, and what NUT does not show of the SLC TWIN PRO2.
var salicruWithout = []string{
	"load.off.delay", "load.on.delay", "shutdown.stop", "shutdown.reboot",
	"beeper.enable", "beeper.disable", "beeper.mute",
	"ups.delay.shutdown", "ups.delay.start", "ups.timer.shutdown", "ups.timer.start", "ups.timer.reboot",
	"input.voltage.nominal", "input.frequency.nominal", "input.bypass.voltage", "input.bypass.frequency",
	"output.frequency.nominal", "ups.power", "ups.power.nominal",
}
