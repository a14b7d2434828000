package usbhid

import (
	"math"
	"testing"

	"github.com/upscard/upscard/services/hid"
	"github.com/upscard/upscard/services/hid/hidtest"
	"github.com/upscard/upscard/services/usb"
)

// everBits is a report that has a bit for each usage of a collection from first to last.
func everBits(collection, first, last hid.Usage, report uint8) (fields []hidtest.Built) {
	for u := first; u <= last; u++ {
		fields = append(fields, hidtest.Built{Path: hid.Path{0, collection, u}, Kind: hid.Feature, ReportID: report, Size: 1, Max: 1})
	}
	return fields
}

// TestEverStates reads what several bits say together, as EVER's descriptors declare them: one by one.
func TestEverStates(t *testing.T) {
	present := hidtest.Built{Path: hid.Path{0x840024, 0x840002, 0x8500d0}, Kind: hid.Feature, ReportID: 9, Size: 8, Max: 1}
	for _, reports := range [][3]uint8{{74, 75, 76}, {3, 2, 1}} {
		fields := everBits(0xff000090, 0xff000091, 0xff000097, reports[0])
		fields = append(fields, everBits(0xff000016, 0xff000017, 0xff000024, reports[1])...)
		fields = append(fields, everBits(0xff000030, 0xff000031, 0xff000039, reports[2])...)
		raw := hidtest.Build(append(fields, present)...)
		for _, test := range []struct {
			mode                        byte
			messages, alarms            uint16
			wantMode, wantMsg, wantAlrm string
			status, generic             string
		}{
			{4, 0, 0, "ONLINE", "", "", "OL", "OL"},
			{8, 0x4c, 0, "ONBATTERY", "BOOST BUCK CHARGING", "", "OL CHRG TRIM BOOST", "OL"},
			{2, 0x2010, 0x1a0, "STOP", "BOOST_BLOCKED MAINS_OUT_OF_RANGE", "INERNAL_ERROR NO_INETERNAL_COMM CRITICAL_BATT_VOLTAGE", "ALARM OL OFF", "OL"},
			{64, 0xc00, 0x0c, "EMERGENCY", "OVERHEAT", "OVERHEAT", "ALARM OL OFF", "OL"},
			{1, 0x203, 0, "UNKNOWN", "NEED_REPLACMENT", "", "ALARM OL LB OVER RB", "OL"},
			{0, 0, 1, "UNKNOWN", "", "OVERLOAD", "ALARM OL", "OL"},
		} {
			for _, id := range []usb.ID{{Vendor: 0x2e51}, {Vendor: 0x0483, Product: 0xa113, ProductName: "Another", Serial: "1"}, {Vendor: stranger}} {
				d, _ := hid.Parse(raw)
				m := newModel(id, d)
				for i, data := range [][]byte{
					{reports[0], test.mode}, {reports[1], byte(test.messages), byte(test.messages >> 8)}, {reports[2], byte(test.alarms), byte(test.alarms >> 8)}, {9, 1},
				} {
					m.commit(m.decode(key{hid.Feature, []uint8{reports[0], reports[1], reports[2], 9}[i]}, data))
				}
				got := m.vars(nil)
				if id.Vendor == stranger {
					if got["ups.status"].Value != test.generic {
						t.Errorf("the generic table makes ups.status %q, not the fault %q", got["ups.status"].Value, test.generic)
					}
					continue
				}
				for name, want := range map[string]string{
					"experimental.status.workmode": test.wantMode, "experimental.status.messages": test.wantMsg,
					"experimental.status.alarms": test.wantAlrm, "ups.status": test.status,
				} {
					if v, ok := got[name]; !ok || v.Value != want {
						t.Errorf("mode %d, messages %#x, alarms %#x: %s is %q, want %q", test.mode, test.messages, test.alarms, name, v.Value, want)
					}
				}
			}
		}
	}
}

// TestEverPadding reads the mode where its lowest bit is padding.
func TestEverPadding(t *testing.T) {
	padding := hidtest.Built{Path: hid.Path{0, 0}, Kind: hid.Feature, ReportID: 74, Size: 1, Max: 1}
	raw := hidtest.Build(append([]hidtest.Built{padding}, everBits(0xff000090, 0xff000092, 0xff000097, 74)...)...)
	d, _ := hid.Parse(raw)
	m := newModel(usb.ID{Vendor: 0x2e51}, d)
	m.commit(m.decode(key{hid.Feature, 74}, []byte{74, 8}))
	if got := m.vars(nil)["experimental.status.workmode"].Value; got != "ONBATTERY" {
		t.Errorf("the mode is %q", got)
	}
}

// TestEverQuads reads numbers and addresses that are declared as four bytes.
func TestEverQuads(t *testing.T) {
	raw := []byte{0x05, 0x84, 0x09, 0x04, 0xa1, 0x01, 0x0b, 0, 0, 0, 0, 0xa1, 0x00} // UPS, then a collection of no usage
	raw = append(raw, 0x15, 0x00, 0x26, 0xff, 0x00, 0x75, 8, 0x95, 4)               // four times 8 bits from 0 to 255
	for report, usage := range map[byte]byte{230: 0x88, 215: 0x78} {
		raw = append(raw, 0x85, report, 0x0b, usage, 0, 0, 0xff, 0xb1, 0x02)
	}
	raw = append(raw, 0xc0, 0xc0)
	d, problems := hid.Parse(raw)
	if len(problems) > 0 || len(d.Fields) != 8 {
		t.Fatalf("%d fields, %v", len(d.Fields), problems)
	}
	m := newModel(usb.ID{Vendor: 0x2e51}, d)
	m.commit(m.decode(key{hid.Feature, 230}, []byte{230, 192, 168, 1, 205}))
	m.commit(m.decode(key{hid.Feature, 215}, []byte{215, 0x01, 0x02, 0, 0xf0}))
	for name, want := range map[string]string{"experimental.networkcard.ip_address": "192.168.1.205", "experimental.networkcard.send_packets": "4026532353"} {
		if got := m.vars(nil)[name].Value; got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}

func TestEverConversions(t *testing.T) {
	for _, test := range []struct {
		as   convert
		v    float64
		want string
		ok   bool
	}{
		{everVersion, 0x1203, "v1.2b03", true},
		{everVersion, 0xffff, "vF.Fb255", true},
		{everVersion, 0x10000, "", false},
		{everVersion, -1, "", false},
		{everRevision, 0x0203, "rev.Bv03", true},
		{everRevision, 0x1a0c, "rev.Zv12", true},
		{everRevision, 0x1b00, "", false}, // beyond Z, where NUT reads past its table
		{everRevision, math.NaN(), "", false},
		{everAddress, 0x0100a8c0, "192.168.0.1", true},
		{everAddress, -1, "", false},
		{everAddress, math.Inf(1), "", false},
	} {
		if got, ok := test.as.show(test.v, nil); ok != test.ok || ok && got != test.want {
			t.Errorf("%v is %q, %v, want %q", test.v, got, ok, test.want)
		}
	}
}

// FuzzEver reads any report by any descriptor: what is put together of it never panics and stays in its report.
func FuzzEver(f *testing.F) {
	f.Add(hidtest.Build(everBits(0xff000090, 0xff000091, 0xff000097, 74)...), []byte{74, 8}, 4.0)
	f.Add(hidtest.Build(everBits(0xff000016, 0xff000018, 0xff000024, 75)...), []byte{75, 0xff, 0xff}, -1.5)
	f.Fuzz(func(t *testing.T, descriptor, report []byte, v float64) {
		d, _ := hid.Parse(descriptor)
		m := newModel(usb.ID{Vendor: 0x2e51}, d)
		for _, f := range d.Fields {
			if f.Offset < 0 || f.Size < 1 || f.Size > 32 || f.LogicalMin > f.LogicalMax {
				t.Errorf("%v: %d bits at %d from %d to %d", f.Path, f.Size, f.Offset, f.LogicalMin, f.LogicalMax)
			}
		}
		if len(report) > 0 {
			m.commit(m.decode(key{hid.Feature, report[0]}, report))
			m.vars(nil)
		}
		for _, as := range []convert{everModes, everVersion, everRevision, everAddress, bitWords("a", "", "b"), thermistor, minutesLeft} {
			as.show(v, &inputs{})
		}
	})
}
