package usbhid

import (
	"strings"

	"github.com/upscard/upscard/services/hid"
)

// dropScales takes units and exponents from usages that have neither: choices, string indexes and dates. Exponents last until the next, and some
// UPSes forget to take theirs back before such a field ("UPS HI" 09d6:0001: a beeper at 20 for 2, which would be written as 0 for 1).
func dropScales(d *hid.Descriptor) {
	for i := range d.Fields {
		if f := &d.Fields[i]; scaleless(f.Usage()) {
			f.Unit, f.Exponent = 0, 0
		}
	}
}

func scaleless(u hid.Usage) bool {
	if u.Page() != hid.PagePowerDevice && u.Page() != hid.PageBatterySystem {
		return false
	}
	switch name := u.String(); name {
	case "Test", "AudibleAlarmControl", "CapacityMode", "Rechargeable", "ManufacturerDate":
		return true
	default: // iName, iDeviceChemistry ...
		return len(name) > 1 && name[0] == 'i' && strings.ToUpper(name[1:2]) == name[1:2]
	}
}
