package usbhid

import "github.com/upscard/upscard/services/usb"

// powervar are the UPSes of Ametek Powervar. They follow the specification.
var powervar = family{
	name:    "Powervar HID",
	devices: []product{{0x4234, 0}},
	about:   "UPSes of Ametek Powervar",
	vendor:  "Powervar",
	rows: func(usb.ID) []row {
		return []row{{"battery.capacity", "PowerSummary.FullChargeCapacity", decimals(0), static}}
	},
}
