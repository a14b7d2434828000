package usbhid

import (
	"testing"

	"github.com/upscard/upscard/services/hid"
	"github.com/upscard/upscard/services/usb"
)

// TestTables compiles every pattern of every family.
func TestTables(t *testing.T) {
	for _, f := range append([]*family{&generic}, families...) {
		for _, r := range f.table(usb.ID{}) {
			if compile(r.path, f.names); r.name == "" || r.as.show == nil {
				t.Errorf("%s: %+v", f.name, r)
			}
		}
		for _, r := range f.flagTable() {
			if compile(r.path, f.names); r.flag == 0 || r.sense == nil {
				t.Errorf("%s: %+v", f.name, r)
			}
		}
	}
}

func TestFamilies(t *testing.T) {
	for id, want := range map[usb.ID]*family{
		{Vendor: 0x051d, Product: 2}:      &apc,
		{Vendor: 0x0764, Product: 0x501}:  &cyberpower,
		{Vendor: 0x0483, Product: 0xa430}: &cyberpower,
		{Vendor: 0x0483, Product: 0xa113}: &ever,
		{Vendor: 0x2e51, Product: 0xffff}: &ever,
		{Vendor: 0x3746, Product: 0xffff}: &ecoflow,
		{Vendor: 0x04d8, Product: 0xd004}: &openups,
		{Vendor: 0x04d8, Product: 0xd005}: &openups,
		{Vendor: 0x04d8, Product: 0xd006}: &generic,
		{Vendor: 0x2341, Product: 0x8036}: &arduino,
		{Vendor: 0x2a03, Product: 0x0040}: &arduino,
		{Vendor: 0x0483, Product: 1}:      &generic,
		{Vendor: 0x0463, Product: 0xffff}: &eaton,
	} {
		if got := familyOf(id); got != want {
			t.Errorf("%v is of %s, want %s", id, got.name, want.name)
		}
	}
	if apc.interrupts(usb.ID{Product: 3}) || !apc.interrupts(usb.ID{Product: 2}) {
		t.Error("interrupts of APC")
	}
	if !apc.overflows(usb.ID{ProductName: "Back-UPS CS 650 FW:817.v3.I USB FW:v3"}) {
		t.Error("Back-UPS CS does overflow")
	}
	for name, want := range map[string]bool{"Back-UPS BX750MI": true, "BK650M2-CH": true, "Back-UPS RS 1000G": false, "": false} {
		if got := apcHesitant(usb.ID{ProductName: name}); got != want {
			t.Errorf("%q is hesitant: %v", name, got)
		}
	}
	vars := newModel(usb.ID{Vendor: 0x051d, ProductName: "Back-UPS RS 1000 FW:7.g8 .D USB FW:g8"}, &hid.Descriptor{}).identity()
	if vars["device.model"] != "Back-UPS RS 1000 " || vars["ups.firmware"] != "7.g8 .D " || vars["ups.firmware.aux"] != "g8" || vars["ups.mfr"] != "APC" {
		t.Errorf("%q", vars)
	}
}
