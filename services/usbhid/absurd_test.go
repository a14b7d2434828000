package usbhid

import (
	"testing"
	"time"

	"github.com/upscard/upscard/services/hid"
	"github.com/upscard/upscard/services/hid/hidtest"
	"github.com/upscard/upscard/services/ups"
	"github.com/upscard/upscard/services/usb"
	"github.com/upscard/upscard/services/usb/usbtest"
)

func TestAbsurd(t *testing.T) {
	d, _ := hid.Parse(benchDescriptor)
	m := newModel(usb.ID{}, d)
	for bits, want := range map[byte]bool{
		0xff:                       true,
		0:                          false,
		isCharging | isDischarging: true,
		isCharging | isDischarging | onMains | hasBattery: true,
		isDischarging | onMains:                           false, // Back-UPS BK650M2-CH
		isCharging | isFull | onMains:                     false, // Keor PDU 800
		isDischarging | isFull:                            false,
		isLow | isOld | isOverloaded | isDischarging:      false,
		0xff &^ isCharging:                                false,
	} {
		if got := m.absurd(m.decode(key{hid.Feature, 1}, []byte{1, bits})); got != want {
			t.Errorf("%08b: %v, want %v", bits, got, want)
		}
	}
}

// TestNoCaptureIsAbsurd reads what real UPSes sent.
func TestNoCaptureIsAbsurd(t *testing.T) {
	for _, c := range hidtest.Captures(t) {
		m := filled(t, c)
		for kind, reports := range map[hid.Kind]map[uint8][]byte{hid.Feature: c.Feature(t), hid.Input: c.Input(t)} {
			for id, report := range reports {
				if m.absurd(m.decode(key{kind, id}, report)) {
					t.Errorf("%s: %v report %#02x is refused: % x", c.Name, kind, id, report)
				}
			}
		}
	}
}

// TestLastingGarbage has a status report whose bits are all set, read after read.
func TestLastingGarbage(t *testing.T) {
	garbage := usbtest.Garbage(1, 0xff)
	for status, bits := range map[string]byte{"OL": healthy, "OB DISCHRG": isDischarging | hasBattery} {
		prepare := func(dev *usbtest.Device) { dev.SetReport(usbtest.Feature, 1, 1, bits) }
		t.Run(status, func(t *testing.T) {
			bench(t, prepare, func(r *running) {
				r.after(time.Second, ups.Fresh, status)
				r.dev.Fail(usbtest.Feature, 1, garbage)
				r.dev.Push(1, 0xff)
				r.after(2500*time.Millisecond, ups.Fresh, status)
				r.after(4*time.Second, ups.Stale, status)
				for range 100 {
					r.dev.Push(1, 0xff)
					r.after(100*time.Millisecond, ups.Stale, status)
				}
				r.dev.Fail(usbtest.Feature, 1, nil)
				r.after(2500*time.Millisecond, ups.Fresh, status)
			})
		})
		t.Run(status+" once", func(t *testing.T) {
			bench(t, prepare, func(r *running) {
				r.after(time.Second, ups.Fresh, status)
				r.dev.Fail(usbtest.Feature, 1, once(1, 1, 0xff))
				for range 100 {
					r.after(100*time.Millisecond, ups.Fresh, status)
				}
			})
		})
		t.Run(status+" from the start", func(t *testing.T) {
			broken := func(dev *usbtest.Device) { prepare(dev); dev.Fail(usbtest.Feature, 1, garbage) }
			bench(t, broken, func(r *running) {
				r.after(time.Minute, ups.Stale, "")
				r.dev.Push(1, 0xff)
				r.after(time.Minute, ups.Stale, "")
				r.dev.Fail(usbtest.Feature, 1, nil)
				r.after(4*time.Second, ups.Fresh, status)
			})
		})
	}
}

// TestGarbageByInterruptOnly has a UPS whose status cannot be asked for.
func TestGarbageByInterruptOnly(t *testing.T) {
	stall := func(dev *usbtest.Device) { dev.Fail(usbtest.Feature, 1, usbtest.Stall) }
	const out = isDischarging | hasBattery
	bench(t, stall, func(r *running) {
		time.Sleep(20 * time.Second)
		r.dev.Push(1, out)
		r.after(500*time.Millisecond, ups.Fresh, "OB DISCHRG")
		r.dev.Push(1, 0xff)
		r.after(5*time.Second, ups.Fresh, "OB DISCHRG")
		for range 2 {
			r.dev.Push(1, 0xff)
			time.Sleep(time.Second)
		}
		r.after(2*time.Second, ups.Stale, "OB DISCHRG")
		r.dev.Push(1, healthy)
		r.after(3*time.Second, ups.Fresh, "OL")
	})
}
