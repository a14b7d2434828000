package usbhid

import (
	"testing"

	"github.com/upscard/upscard/services/hid"
	"github.com/upscard/upscard/services/usb"
)

// voltage makes a field of a report with a usage of the Power Device page.
func voltage(id uint8, usage hid.Usage, lo, hi int64, assumed bool) hid.Field {
	return hid.Field{Path: hid.Path{0x840004, 0x840000 | usage}, Kind: hid.Feature, ReportID: id, Size: 16, LogicalMin: lo, LogicalMax: hi, MaxAssumed: assumed}
}

func TestRepair(t *testing.T) {
	const volts, nominal, transfer, power = 0x30, 0x40, 0x54, 0x44
	cps, xs := usb.ID{Vendor: 0x0764, Product: 0x0501}, usb.ID{Vendor: 0x051d, Product: 2}
	tests := []struct {
		name   string
		id     usb.ID
		fields []hid.Field
		want   [][2]int64
	}{
		{"APC: European voltages in American ranges", xs,
			[]hid.Field{voltage(0x30, nominal, 0, 127, false), voltage(0x31, volts, 10, 150, false), voltage(0x33, transfer, 0, 300, false)},
			[][2]int64{{0, 255}, {0, 600}, {0, 300}}},
		{"APC: right", xs,
			[]hid.Field{voltage(0x30, nominal, 0, 400, false), voltage(0x31, volts, 0, 400, false), voltage(0x33, transfer, 0, 300, false)},
			[][2]int64{{0, 400}, {0, 400}, {0, 300}}},
		{"CyberPower: both voltages inherit the transfer voltage's range", cps,
			[]hid.Field{voltage(0x0f, volts, 260, 270, false), voltage(0x10, transfer, 260, 270, false), voltage(0x12, volts, 260, 270, false)},
			[][2]int64{{0, 511}, {260, 270}, {0, 511}}},
		{"CyberPower: the input has a range of its own", cps,
			[]hid.Field{voltage(0x0f, volts, 0, 300, false), voltage(0x10, transfer, 260, 270, false), voltage(0x12, volts, 260, 270, false)},
			[][2]int64{{0, 300}, {260, 270}, {0, 511}}},
		{"CyberPower: maximum in too few bytes", cps,
			[]hid.Field{voltage(0x0f, volts, 0, 65535, true), voltage(0x12, volts, 0, 255, false)},
			[][2]int64{{0, 65535}, {0, 65535}}},
		{"CyberPower: nominal power", cps,
			[]hid.Field{voltage(0x18, power, 0, 2000, false)}, [][2]int64{{0, 2048}}},
		{"another product", usb.ID{Vendor: 0x0764, Product: 5},
			[]hid.Field{voltage(0x18, power, 0, 2000, false)}, [][2]int64{{0, 2000}}},
	}
	for _, tt := range tests {
		d := &hid.Descriptor{Fields: tt.fields}
		newModel(tt.id, d)
		for i, f := range d.Fields {
			if got := [2]int64{f.LogicalMin, f.LogicalMax}; got != tt.want[i] {
				t.Errorf("%s: field %d is %v, want %v", tt.name, i, got, tt.want[i])
			}
		}
	}
}
