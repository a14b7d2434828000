package usbhid

import (
	"slices"
	"testing"
	"time"

	"github.com/upscard/upscard/services/hid"
	"github.com/upscard/upscard/services/hid/hidtest"
	"github.com/upscard/upscard/services/ups"
	"github.com/upscard/upscard/services/usb"
	"github.com/upscard/upscard/services/usb/usbtest"
)

// TestEatonDescriptorLength opens a UPS whose configuration tells too short a length: what is left of the descriptor is usable, and lacks a field.
func TestEatonDescriptorLength(t *testing.T) {
	for _, paths := range [][2]string{
		{"PowerSummary.PresentStatus.ACPresent", "PowerSummary.RemainingCapacity"}, {"PowerSummary.PresentStatus.ACPresent", "PowerConverter.Output.Voltage"},
	} {
		var built []hidtest.Built
		for i, path := range paths {
			built = append(built, hidtest.Built{Path: longest(path, nil), Kind: hid.Feature, ReportID: uint8(i + 1), Size: 8, Max: 255})
		}
		whole := hidtest.Build(built...)
		cut := len(hidtest.Build(built[:1]...))
		for release, want := range map[uint16]int{0x0100: 1, 0x0202: 2} {
			dev := usbtest.New(usb.ID{Vendor: 0x0463, Product: 0xffff, Release: release, Port: "1-1"}, whole)
			right := dev.HIDDescriptor()
			wrong := slices.Clone(right)
			wrong[7], wrong[8] = byte(cut), byte(cut>>8)
			u, err := Open(t.Context(), twoTongued{dev, wrong}, Options{})
			if err != nil {
				t.Fatal(err)
			}
			if got := len(u.model.points); got != want {
				t.Errorf("release %04x: %d fields, want %d", release, got, want)
			}
		}
	}
}

// twoTongued has another HID descriptor in its configuration than when asked.
type twoTongued struct {
	*usbtest.Device
	held []byte
}

func (d twoTongued) HIDDescriptor() []byte { return d.held }

// TestEatonLongReport reads a field beyond bit 255 of a report, where a parser that keeps the offset in a byte reads another one.
func TestEatonLongReport(t *testing.T) {
	for _, id := range []uint8{0xfe, 0x06} {
		var built []hidtest.Built
		for range 8 {
			built = append(built, hidtest.Built{Path: longest("COPIBridge", eatonNames), Kind: hid.Feature, ReportID: id, Min: syntheticMin, Max: syntheticMax})
		}
		built = append(built, hidtest.Built{Path: longest("PowerSummary.RemainingCapacity", nil), Kind: hid.Feature, ReportID: id, Size: 8, Max: 255})
		m := newModel(usb.ID{Vendor: 0x0463, Product: 0xffff}, first(hid.Parse(hidtest.Build(built...))))
		report := slices.Concat([]byte{id, 13}, make([]byte, 31), []byte{97})
		field := m.descriptor.Fields[8]
		if field.Offset != 256 || report[1+field.Offset&0xff/8] != 13 {
			t.Fatalf("the field is at bit %d: nothing would go wrong", field.Offset)
		}
		m.commit(m.decode(key{hid.Feature, id}, report))
		if got := m.vars(nil)["battery.charge"].Value; got != "97" {
			t.Errorf("report 0x%02x: charge %q, want 97", id, got)
		}
	}
}

// TestEatonReportsLeftAlone runs a capture for a while: the reports of its firmware's gateway are never asked for.
func TestEatonReportsLeftAlone(t *testing.T) {
	plug := func(t *testing.T) *usbtest.Device {
		dev, _ := captured(t, "eaton-3s-700")
		return dev
	}
	benchOf(t, plug, func(r *running) {
		r.after(time.Second, ups.Fresh, "OL CHRG")
		r.after(5*time.Minute, ups.Fresh, "OL CHRG")
		for _, tr := range r.dev.Transfers() {
			if id := byte(tr.Value); tr.Request == getReport && (id == 0xfe || id == 0xff) {
				t.Fatalf("report 0x%02x was asked for", id)
			}
		}
	})
}
