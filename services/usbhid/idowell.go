package usbhid

import (
	"strings"

	"github.com/upscard/upscard/services/usb"
)

// idowell are iDowell's iBox and the LiFePO4 UPSes of GoldenMate, some of which bear Phoenixtec's ids.
var idowell = family{
	name:    "iDowell HID",
	devices: []product{{0x075d, 0}, {phoenixtecVendor, 0xffff}},
	about:   "iDowell's iBox and the batteries of GoldenMate, which share Phoenixtec's ids",
	claims:  func(id usb.ID) bool { return id.Vendor != phoenixtecVendor || goldenMate(id) },
	vendor:  "iDowell",
	rows:    func(usb.ID) []row { return idowellRows },
	flags: []flagRow{
		{off, "PowerSummary.PresentStatus.Good", isClear},
		{fault, "PowerSummary.PresentStatus.CommunicationLost", isSet},
	},
}

const phoenixtecVendor = 0x06da

// goldenMate tells the packs of GoldenMate from Phoenixtec's own UPSes, whose ids they share: their firmware calls itself "-BMS-", "Smart-Battery".
func goldenMate(id usb.ID) bool {
	return strings.Contains(id.Manufacturer, "BMS") || strings.Contains(id.ProductName, "Smart-Battery")
}

var idowellRows = []row{
	{"device.mfr", "PowerSummary.iManufacturer", text, static},
	{"device.model", "PowerSummary.iProduct", text, static},
	{"device.serial", "PowerSummary.iSerialNumber", text, static},
	{"battery.capacity.design", "PowerSummary.DesignCapacity", decimals(0), static},
	{"battery.capacity.full", "PowerSummary.FullChargeCapacity", decimals(0), seldom},
	{"battery.charge.low", "PowerSummary.RemainingCapacityLimit", decimals(0), static},
	{"battery.charge.low", "PowerSummary.WarningCapacityLimit", decimals(0), static},
	{"input.transfer.low", "PowerConverter.Output.LowVoltageTransfer", decimals(0), static},
	{"input.transfer.high", "PowerConverter.Output.HighVoltageTransfer", decimals(0), static},
}
