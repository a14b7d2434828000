package usbhid

import (
	"bytes"
	"testing"
	"time"

	"github.com/upscard/upscard/services/ups"
	"github.com/upscard/upscard/services/usb"
	"github.com/upscard/upscard/services/usb/usbtest"
)

// newFlagless is a UPS that has no flag for a low battery, and names the charge at which it is low in report 4.
func newFlagless(*testing.T) *usbtest.Device {
	descriptor := bytes.ReplaceAll(benchDescriptor, []byte{0x09, 0x42}, []byte{0x09, 0x40}) // TerminateCharge
	descriptor = bytes.Replace(descriptor, []byte{0x09, 0x89}, []byte{0x09, 0x29}, 1)       // RemainingCapacityLimit
	dev := usbtest.New(usb.ID{Vendor: 0x1209, Product: 1, Port: "1-1"}, descriptor)
	dev.SetLatency(2 * time.Millisecond)
	dev.SetReport(usbtest.Feature, 1, 1, isDischarging|hasBattery)
	dev.SetReport(usbtest.Feature, 2, 2, 50, 0x10, 0x0e)
	dev.SetReport(usbtest.Feature, 3, 3, 230, 0)
	dev.SetReport(usbtest.Feature, 4, 4, 20)
	return dev
}

// One odd reading of the charge does not make LB; two do, and soon.
func TestComputedLow(t *testing.T) {
	benchOf(t, newFlagless, func(r *running) {
		r.after(3*time.Second, ups.Fresh, "OB DISCHRG")

		r.dev.Push(2, 3, 0x10, 0x0e)
		r.after(100*time.Millisecond, ups.Fresh, "OB DISCHRG")
		r.after(3*time.Second, ups.Fresh, "OB DISCHRG")

		r.dev.SetReport(usbtest.Feature, 2, 2, 19, 0x10, 0x0e)
		r.after(3*time.Second, ups.Fresh, "OB DISCHRG LB")
		r.dev.SetReport(usbtest.Feature, 2, 2, 50, 0x10, 0x0e)
		r.after(3*time.Second, ups.Fresh, "OB DISCHRG")
	})
}

// A reading that one round has and the next one has not is odd.
func TestComputedLowOnce(t *testing.T) {
	benchOf(t, newFlagless, func(r *running) {
		r.after(3*time.Second, ups.Fresh, "OB DISCHRG")
		r.dev.SetReport(usbtest.Feature, 2, 2, 1, 0x10, 0x0e)
		seen := false
		for range 50 { // until the round that reads it has passed
			time.Sleep(100 * time.Millisecond)
			if seen = r.store.Get().Value("battery.charge") == "1"; seen {
				break
			}
		}
		if !seen {
			t.Fatal("the odd charge was never read")
		}
		r.dev.SetReport(usbtest.Feature, 2, 2, 50, 0x10, 0x0e)
		r.after(0, ups.Fresh, "OB DISCHRG")
		r.after(5*time.Second, ups.Fresh, "OB DISCHRG")
	})
}
