package usbhid

import (
	"slices"
	"testing"

	"github.com/upscard/upscard/services/hid"
	"github.com/upscard/upscard/services/hid/hidtest"
	"github.com/upscard/upscard/services/usb"
)

// keyboard is the report descriptor that the library puts before the UPS's own where a sketch is a keyboard as well.
var keyboard = []byte{
	0x05, 0x01, 0x09, 0x06, 0xa1, 0x01, 0x85, 0x02, 0x05, 0x07, 0x19, 0xe0, 0x29, 0xe7, 0x15, 0x00, 0x25, 0x01,
	0x75, 0x01, 0x95, 0x08, 0x81, 0x02, 0x75, 0x08, 0x95, 0x06, 0x25, 0x73, 0x19, 0x00, 0x29, 0x73, 0x81, 0x00, 0xc0,
}

// TestArduino makes of the library's own descriptor all that NUT's table for it does (it has no DelayBeforeStartup), also behind a
// keyboard's.
func TestArduino(t *testing.T) {
	for _, c := range hidtest.Captures(t) {
		if c.Name != "arduino-hidpowerdevice" {
			continue
		}
		for _, id := range []usb.ID{{Vendor: 0x2341, Product: 0x8036}, {Vendor: 0x2a03, Product: 0x8040, ProductName: "Another", Serial: "1"}} {
			for _, before := range [][]byte{nil, keyboard} {
				d, _ := hid.Parse(slices.Concat(before, c.Descriptor(t)))
				m := newModel(id, d)
				for _, r := range d.Reports(hid.Feature) {
					report := make([]byte, d.ReportLen(hid.Feature, r))
					report[0] = r
					m.commit(m.decode(key{hid.Feature, r}, report))
				}
				m.vars(nil)
				for i := range m.texts.wanted {
					m.texts.set(i, "LiP")
				}
				m.commit(m.decode(key{hid.Feature, 11}, []byte{11, 0xd0, 0x07})) // PowerSummary.Voltage
				got, offered := m.vars(nil), m.offered()
				for _, name := range []string{
					"ups.delay.shutdown", "ups.timer.shutdown", "ups.timer.reboot", "battery.type",
					"battery.voltage.nominal", "battery.voltage", "battery.runtime", "battery.runtime.low", "battery.charge", "battery.charge.low",
					"battery.charge.warning", "ups.status",
				} {
					if !has(got, name) {
						t.Errorf("%v: no %s", id, name)
					}
				}
				if v := got["battery.voltage"].Value; v != "20.00" {
					t.Errorf("battery.voltage is %q", v)
				}
				for _, name := range []string{"load.off.delay", "load.off", "shutdown.stop", "shutdown.reboot"} {
					if !slices.Contains(offered, name) {
						t.Errorf("%v: no %s", id, name)
					}
				}
			}
		}
	}
}
