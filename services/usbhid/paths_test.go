package usbhid

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/upscard/upscard/services/hid"
	"github.com/upscard/upscard/services/hid/hidtest"
	"github.com/upscard/upscard/services/usb"
	"github.com/upscard/upscard/services/usb/usbtest"
)

// rebuilt plays a capture that has no descriptor.
func rebuilt(t *testing.T, c hidtest.Capture) *usbtest.Device {
	descriptor, reports := c.Rebuild(t)
	dev := usbtest.New(usb.ID{
		Vendor: c.VendorID, Product: c.ProductID, Port: "1-1", Manufacturer: c.Manufacturer, ProductName: c.Product, Serial: c.Serial,
	}, descriptor)
	for id, report := range reports[hid.Feature] {
		dev.SetReport(usbtest.Feature, id, report...)
	}
	for i := range uint8(16) {
		dev.SetString(i, "PbAc")
	}
	return dev
}

// TestPathsOnly reads devices of which only paths and values are known through the loop, and expects what NUT printed of them. Versions of NUT
// round differently, and those of that time said CHRG of a full battery too.
func TestPathsOnly(t *testing.T) {
	for _, c := range hidtest.PathsOnly(t) {
		t.Run(c.Name, func(t *testing.T) {
			benchOf(t, func(t *testing.T) *usbtest.Device { return rebuilt(t, c) }, func(r *running) {
				time.Sleep(5 * time.Second)
				snap := r.store.Get()
				for name, want := range c.UPSC {
					if got := snap.Value(name); !ofNUT(name) && !about(name, got, want) {
						t.Errorf("%s: %q, want %q", name, got, want)
					}
				}
			})
		})
	}
}

func about(name, got, want string) bool {
	if name == "ups.status" {
		words := slices.DeleteFunc(strings.Fields(want), func(w string) bool { return w == "CHRG" })
		return got == strings.Join(words, " ")
	}
	x, err1 := strconv.ParseFloat(got, 64)
	y, err2 := strconv.ParseFloat(want, 64)
	return got == want || err1 == nil && err2 == nil && math.Abs(x-y) <= 0.5
}
