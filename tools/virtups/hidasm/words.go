package hidasm

import "github.com/upscard/upscard/services/hid"

// item is the upper six bits of an item's prefix: tag, then type (HID 1.11, 6.2.2.2).
type item uint8

// The items that an own device may use (HID 1.11, 6.2.2.4, 6.2.2.7, 6.2.2.8).
var items = map[string]item{
	"Input": 0x80, "Output": 0x90, "Feature": 0xb0, "Collection": 0xa0, "End": 0xc0,
	"UsagePage": 0x04, "LogicalMin": 0x14, "LogicalMax": 0x24, "PhysicalMin": 0x34, "PhysicalMax": 0x44,
	"Exponent": 0x54, "Unit": 0x64, "ReportSize": 0x74, "ReportID": 0x84, "ReportCount": 0x94, "Push": 0xa4, "Pop": 0xb4,
	"Usage": 0x08,
}

// signed names the items whose value is a signed number.
var signed = map[string]bool{"LogicalMin": true, "LogicalMax": true, "PhysicalMin": true, "PhysicalMax": true}

// words are the values that have a name, by the item that takes them.
var words = map[string]map[string]int64{
	"UsagePage":  {"PowerDevice": hid.PagePowerDevice, "BatterySystem": hid.PageBatterySystem},
	"Collection": {"Physical": 0, "Application": 1, "Logical": 2},
	"Unit": {
		"None": 0, "Volt": 0x00f0d121, "Ampere": 0x00100001, "Watt": 0xd121, "Second": 0x1001, "Hertz": 0xf001,
		"Kelvin": 0x00010001,
	},
}

// flags are the words of a main item; those that mean 0 are there to be read.
var flags = map[string]int64{
	"Data": 0, "Array": 0, "Absolute": 0, "Fixed": 0,
	"Constant": int64(hid.Constant), "Variable": int64(hid.Variable), "Relative": int64(hid.Relative),
	"Null": int64(hid.NullState), "Volatile": int64(hid.Volatile),
}
