package usbhid

import (
	"slices"
	"testing"

	"github.com/upscard/upscard/services/hid"
)

func TestExplain(t *testing.T) {
	dev := orderable()
	b := make([]byte, 4096)
	n, err := dev.Control(fromInterface, getDescriptor, descriptorReport<<8, 0, b)
	if err != nil {
		t.Fatal(err)
	}
	d, _ := hid.Parse(b[:n])
	served, family := Explain(dev.ID(), d)
	for path, want := range map[string][]string{
		"UPS.PowerSummary.PresentStatus.ACPresent": {"ups.status"},
		"UPS.PowerSummary.RemainingCapacityLimit":  {"battery.charge.low"},
		"UPS.PowerSummary.DelayBeforeStartup":      {"ups.timer.start", "ups.delay.start", "load.on.delay"},
	} {
		if got := served[path]; !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
	if family != generic.name {
		t.Errorf("family %q", family)
	}
}
