package usbhid

import (
	"slices"
	"testing"

	"github.com/upscard/upscard/services/hid"
	"github.com/upscard/upscard/services/hid/hidtest"
	"github.com/upscard/upscard/services/usb"
)

// said is a value as a device sends it: a field that has a report of its own.
type said struct {
	path     string
	raw      uint32
	exponent int
}

// stranger is a vendor that nobody knows: its devices show what the generic table makes of a field, faults included.
const stranger = 0x1209

// quirk is a field that a family reads in its own way.
type quirk struct {
	name     string
	vendor   uint16
	product  uint16
	says     []said
	variable string
	fault    string // what the generic table makes of it; "" is nothing
	want     string
}

// hear makes a device that says so, hears each of its reports twice, as LB needs, and returns its variables.
func hear(t *testing.T, id usb.ID, names hid.Names, says []said, tuning ...Tuning) map[string]string {
	t.Helper()
	var fields []hidtest.Built
	for i, s := range says {
		path, err := hid.ParsePath(s.path, names)
		if err != nil {
			t.Fatal(err)
		}
		fields = append(fields, hidtest.Built{Path: path, Kind: hid.Feature, ReportID: uint8(i + 1), Min: syntheticMin, Max: syntheticMax, Exponent: s.exponent})
	}
	d, problems := hid.Parse(hidtest.Build(fields...))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	m := newModel(id, d)
	for i := range tuning {
		m.tuning = tuning[i]
	}
	for range 2 {
		for i, s := range says {
			m.commit(m.decode(key{hid.Feature, uint8(i + 1)}, []byte{uint8(i + 1), byte(s.raw), byte(s.raw >> 8), byte(s.raw >> 16), byte(s.raw >> 24)}))
		}
		m.judgeLow()
	}
	vars := make(map[string]string)
	for name, v := range m.vars(nil) {
		vars[name] = v.Value
	}
	return vars
}

// readRight shows each fault, then that the family reads it right, whatever the device is called and however its reports are ordered.
func readRight(t *testing.T, quirks []quirk) {
	for _, q := range quirks {
		t.Run(q.name, func(t *testing.T) {
			backwards := slices.Clone(q.says)
			slices.Reverse(backwards)
			id := usb.ID{Vendor: q.vendor, Product: q.product}
			names := familyOf(id).names
			for _, says := range [][]said{q.says, backwards} {
				if got := hear(t, usb.ID{Vendor: stranger}, names, says)[q.variable]; got != q.fault {
					t.Errorf("the generic table makes %s %q, not the fault %q", q.variable, got, q.fault)
				}
				for _, id := range []usb.ID{id, {Vendor: q.vendor, Product: q.product, Manufacturer: "X", ProductName: "Another 1", Serial: "0815"}} {
					if got := hear(t, id, names, says)[q.variable]; got != q.want {
						t.Errorf("%s is %q, want %q", q.variable, got, q.want)
					}
				}
			}
		})
	}
}
