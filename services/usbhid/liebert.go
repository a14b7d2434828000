package usbhid

import (
	"strings"

	"github.com/upscard/upscard/services/hid"
	"github.com/upscard/upscard/services/usb"
)

// liebert are the UPSes that Phoenixtec makes for Liebert (PowerSure Personal XT), PowerWalker (VI), Ippon and others.
var liebert = family{
	name:    "Phoenixtec/Liebert HID",
	devices: []product{{phoenixtecVendor, 0xffff}},
	about:   "UPSes that Phoenixtec makes for Liebert, PowerWalker, Ippon and others",
	quirks: []string{
		"The limits of in- and output, which the class's names would exchange, are told apart.",
	},
	claims: liebertClaims,
	vendor: "Liebert",
	names: hid.Names{
		0xffff0057: "PPCLowVoltageTransfer",
		0xffff0058: "PPCHighVoltageTransfer",
		0xffff00f8: "PPCHighFrequencyTransfer",
		0xffff00f9: "PPCLowFrequencyTransfer",
	},
	rows:  func(usb.ID) []row { return liebertRows },
	flags: []flagRow{{off, "PowerSummary.PresentStatus.Good", isClear}},
	commands: []commandRow{
		{"test.battery.start", "BatterySystem.Battery.Test", pulse(1)},
		{"beeper.toggle", "PowerSummary.AudibleAlarmControl", pulse(1)},
	},
	without: []string{"input.transfer.low", "input.transfer.high"}, // the class's, of the output, are output.transfer here
}

// liebertClaims leaves to others what they make under the same ids: Eaton's AEG Protect NAS and PowerWalkers that say so, GoldenMate's
// batteries. All else is "Offline UPS", "HID UPS" and the like.
func liebertClaims(id usb.ID) bool {
	aeg := strings.Contains(id.Manufacturer, "AEG") || strings.Contains(id.ProductName, "AEG")
	return !aeg && !strings.HasPrefix(id.ProductName, "PowerWalker") && !goldenMate(id)
}

var liebertRows = []row{
	{"battery.voltage", "PowerSummary.Voltage", decimals(2), seldom},
	{"input.frequency", "PowerConverter.Input.[1].Frequency", decimals(2), seldom},
	{"input.transfer.low", "PowerConverter.Output.PPCLowVoltageTransfer", decimals(0), seldom},
	{"input.transfer.high", "PowerConverter.Output.PPCHighVoltageTransfer", decimals(0), seldom},
	{"input.frequency.transfer.low", "PowerConverter.Output.PPCLowFrequencyTransfer", decimals(0), static},
	{"input.frequency.transfer.high", "PowerConverter.Output.PPCHighFrequencyTransfer", decimals(0), static},
	{"output.frequency", "PowerConverter.Output.Frequency", decimals(2), seldom},
	{"output.transfer.low", "PowerConverter.Output.LowVoltageTransfer", decimals(1), seldom},
	{"output.transfer.high", "PowerConverter.Output.HighVoltageTransfer", decimals(1), seldom},
}
