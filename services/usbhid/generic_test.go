package usbhid

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/upscard/upscard/services/hid"
	"github.com/upscard/upscard/services/hid/hidtest"
	"github.com/upscard/upscard/services/usb"
	"github.com/upscard/upscard/services/usb/usbtest"
)

// TestUnknownVendor opens UPSes of vendors that no table knows: they are served, and how to get a table is said once. Others are not asked for.
func TestUnknownVendor(t *testing.T) {
	for _, tt := range []struct {
		vendor uint16
		family string
		said   int
	}{{0x1209, "Power Device Class 1.0", 1}, {0xfffe, "Power Device Class 1.0", 1}, {0x0925, "Power Device Class 1.0", 1}, {0x4234, "Powervar HID", 0}} {
		var log bytes.Buffer
		dev := usbtest.New(usb.ID{Vendor: tt.vendor, Product: 2, Port: "1-1"}, benchDescriptor)
		u, err := Open(t.Context(), dev, Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
		if err != nil {
			t.Errorf("%04x: %v", tt.vendor, err)
			continue
		}
		if got := u.model.vars(nil)["driver.version.data"].Value; got != tt.family {
			t.Errorf("%04x is of %q, want %q", tt.vendor, got, tt.family)
		}
		if n := strings.Count(log.String(), "docs/capture.md"); n != tt.said {
			t.Errorf("%04x: the hint is said %d times, want %d:\n%s", tt.vendor, n, tt.said, &log)
		}
	}
}

// TestStickyExponent has choices and string indexes behind an exponent that their UPS forgot to take back.
func TestStickyExponent(t *testing.T) {
	for _, id := range []usb.ID{{Vendor: 0x09d6, Product: 1, ProductName: "UPS HI"}, {Vendor: 0x1209, Product: 7, Serial: "X-1"}} {
		var built []hidtest.Built
		paths := []string{"AudibleAlarmControl", "Test", "PowerSummary.iDeviceChemistry", "PowerSummary.RunTimeToEmpty"}
		for i, path := range paths {
			built = append(built, hidtest.Built{Path: longest(path, nil), Kind: hid.Feature, ReportID: uint8(i + 1), Size: 8, Max: 10, Exponent: 1})
		}
		plain := first(hid.Parse(hidtest.Build(built...)))
		if got := plain.Fields[0].Physical(2); got != 20 {
			t.Errorf("as described the beeper is %g, want 20", got)
		}
		m := newModel(id, first(hid.Parse(hidtest.Build(built...))))
		m.texts.set(3, "PbAc")
		for i, raw := range []byte{2, 6, 3, 5} {
			m.commit(m.decode(key{hid.Feature, uint8(i + 1)}, []byte{byte(i + 1), raw}))
		}
		vars := m.vars(nil)
		for name, want := range map[string]string{"ups.beeper.status": "enabled", "battery.type": "PbAc", "battery.runtime": "50"} {
			if got := vars[name].Value; got != want {
				t.Errorf("%s is %q, want %q", name, got, want)
			}
		}
		ctl, ok := m.control("beeper.disable")
		if !ok {
			t.Fatal("no beeper.disable")
		}
		report := []byte{1, 2}
		if raw, err := put(ctl.feature, report, ctl.act.value); err != nil || raw != 1 || report[1] != 1 {
			t.Errorf("beeper.disable writes %d, %v; want 1", raw, err)
		}
	}
}
