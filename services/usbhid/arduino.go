package usbhid

import "github.com/upscard/upscard/services/usb"

// arduino are UPSes that people build from an Arduino with the library HIDPowerDevice. Their power device is a later interface of a composite
// device. It keeps what is written (HIDPowerDevice.cpp of January 2025), so the generic table's writable variables are.
var arduino = family{
	name:    "Arduino HID",
	devices: []product{{0x2341, 0}, {0x2a03, 0}},
	about:   "what people build from an Arduino with the library HIDPowerDevice",
	quirks: []string{
		"The power device is a later interface of a composite device and is found by its report descriptor.",
	},
	vendor: "Arduino",
	rows: func(usb.ID) []row {
		return []row{
			{"battery.voltage.nominal", "PowerSummary.ConfigVoltage", decimals(2), seldom},
			{"battery.voltage", "PowerSummary.Voltage", decimals(2), live},
		}
	},
}
