package usbdriver_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/upscard/upscard/services/ups"
	"github.com/upscard/upscard/services/usb"
	"github.com/upscard/upscard/services/usb/usbtest"
	"github.com/upscard/upscard/services/usbdriver"
)

// part is an interface of a composite device, as world's serve sees it: one that answers is a UPS, one that answers nothing is none.
func part(number uint8, answer string) *usbtest.Device {
	d := usbtest.New(backUPS, nil)
	d.SetInterface(number)
	d.SetReport(usbtest.Feature, 1, []byte(answer)...)
	return d
}

// TestComposite finds the power device among the interfaces of devices that NUT knows by a table of ids, and of others.
func TestComposite(t *testing.T) {
	stalled := part(0, "")
	stalled.FailAll(usbtest.Stall)
	for _, test := range []struct {
		name  string
		parts map[int]*usbtest.Device
		tried []int
	}{
		{"Liebert 10af:0002, Powervar 4234:0002: the second", map[int]*usbtest.Device{0: part(0, ""), 1: part(1, "OL")}, []int{0, 1}},
		{"Arduino 2341:8036: the only HID interface is the third", map[int]*usbtest.Device{2: part(2, "OL")}, []int{2}},
		{"the first of two", map[int]*usbtest.Device{0: part(0, "OL"), 3: part(3, "OL")}, []int{0}},
		{"behind one that does not tell what it is", map[int]*usbtest.Device{0: stalled, 4: part(4, "OL")}, []int{0, 4}},
	} {
		bubble(t, test.name, func(t *testing.T) {
			w := run(t, target, func(w *world) { w.parts = test.parts }, plugged(backUPS))
			w.after(time.Minute).want(ups.Fresh)
			if !slices.Equal(w.tried, test.tried) {
				t.Errorf("interfaces %v were opened, want %v", w.tried, test.tried)
			}
			if err := w.end(); err != nil {
				t.Error(err)
			}
			for number, p := range test.parts {
				if slices.Contains(test.tried, number) && !p.Closed() {
					t.Errorf("interface %d was left open", number)
				}
			}
		})
	}
	bubble(t, "none is believed only when all said so twice", func(t *testing.T) {
		w := run(t, target, func(w *world) { w.parts = map[int]*usbtest.Device{0: part(0, ""), 1: part(1, "")} }, plugged(backUPS))
		if err := w.after(time.Second).end(); !errors.Is(err, usbdriver.ErrNotUPS) || !slices.Equal(w.tried, []int{0, 1, 0, 1}) {
			t.Errorf("got %v after opening %v", err, w.tried)
		}
	})
	bubble(t, "one that does not tell may be it", func(t *testing.T) {
		late := part(1, "OL")
		late.FailAll(usbtest.Stall)
		w := run(t, target, func(w *world) { w.parts = map[int]*usbtest.Device{0: part(0, ""), 1: late} }, plugged(backUPS))
		w.after(time.Minute).want(ups.Absent)
		late.FailAll(nil)
		w.after(10 * time.Second).want(ups.Fresh)
	})
	bubble(t, "others are left alone while it fails", func(t *testing.T) {
		failing := part(1, "OL")
		w := run(t, target, func(w *world) { w.parts = map[int]*usbtest.Device{1: failing, 2: part(2, "")} }, plugged(backUPS))
		w.after(time.Minute).want(ups.Fresh)
		failing.FailAll(usbtest.Gone)
		w.after(10 * time.Second).want(ups.Stale)
		failing.FailAll(nil)
		w.after(10 * time.Second).want(ups.Fresh)
		if slices.Contains(w.tried, 2) {
			t.Errorf("interfaces %v were opened", w.tried)
		}
	})
	bubble(t, "no interface", func(t *testing.T) {
		w := run(t, target, func(w *world) { w.parts = map[int]*usbtest.Device{} }, plugged(backUPS))
		w.after(time.Minute).want(ups.Absent)
		if err := w.end(); err != nil || len(w.tried) != 0 {
			t.Errorf("got %v after opening %v", err, w.tried)
		}
	})
}

// A keyboard that has more than keys is taken only if nothing else could be meant.
func TestKeyboardsAreUnlikely(t *testing.T) {
	keyboard := usb.ID{Vendor: 0x046d, Product: 0xc31c, Port: "1-2", Bus: 1, Address: 3}
	bubble(t, "beside a UPS", func(t *testing.T) {
		w := run(t, usbdriver.Target{}, plugged(keyboard), func(w *world) { w.attached[0].Input = true }, plugged(backUPS))
		w.after(time.Second).want(ups.Fresh)
		if err := w.end(); err != nil || !w.devices["1-2"].Closed() && len(w.devices["1-2"].Transfers()) > 0 {
			t.Errorf("got %v, or the keyboard was read", err)
		}
	})
	bubble(t, "alone", func(t *testing.T) {
		w := run(t, usbdriver.Target{}, plugged(keyboard), func(w *world) { w.attached[0].Input = true })
		w.after(time.Second).want(ups.Fresh)
	})
}
