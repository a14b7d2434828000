package usbhid

import (
	"strings"
	"testing"

	"github.com/upscard/upscard/services/hid"
	"github.com/upscard/upscard/services/usb"
)

// FuzzModel feeds the mapping with any descriptor and any report, as each family.
func FuzzModel(f *testing.F) {
	f.Add(benchDescriptor, []byte{1, healthy}, uint16(0x051d), uint16(2))
	f.Add(benchDescriptor, []byte{2, 100, 1, 2}, uint16(0x0764), uint16(0x0501))
	f.Add(benchDescriptor, []byte{1, healthy}, uint16(0x0463), uint16(0xffff))
	f.Add(benchDescriptor, []byte{1, healthy}, uint16(0x09d6), uint16(1))
	f.Fuzz(func(t *testing.T, descriptor, report []byte, vendor, product uint16) {
		d, _ := hid.Parse(descriptor)
		m := newModel(usb.ID{Vendor: vendor, Product: product, ProductName: string(report)}, d)
		m.texts.set(1, string(descriptor))
		if len(report) == 0 {
			return
		}
		for _, kind := range []hid.Kind{hid.Feature, hid.Input} {
			r := m.decode(key{kind, report[0]}, report)
			m.disputes(r)
			m.absurd(r)
			weighty := m.flags(r).weighty()
			m.commit(r)
			m.strip(r, weighty)
		}
		m.plan()
		for name, v := range m.vars(nil) {
			if clean(v.Value) != v.Value {
				t.Errorf("%s: %q", name, v.Value)
			}
		}
		status := m.vars(nil)["ups.status"].Value
		if f := m.flags(nil); strings.Contains(status, "OL") && !f.has(acPresent) {
			t.Errorf("%q although no mains were read: %+v", status, f)
		}
	})
}

func BenchmarkVars(b *testing.B) {
	m := newModel(usb.ID{}, first(hid.Parse(benchDescriptor)))
	m.commit(m.decode(key{hid.Feature, 1}, []byte{1, healthy}))
	m.commit(m.decode(key{hid.Feature, 2}, []byte{2, 100, 0, 1}))
	b.ReportAllocs()
	for b.Loop() {
		m.vars(nil)
	}
}

func first[T, U any](v T, _ U) T { return v }
