package usbtest

import (
	"testing"
	"time"

	"github.com/upscard/upscard/services/usb"
)

// Opener opens a real device; a negative number is the first interface that will do.
type Opener interface {
	Open(id usb.ID, number int) (usb.Device, error)
	Reset(id usb.ID) error
	Close() error
}

// ConformAt runs Conform on the real device at a USB port, twice: what was closed, and what was reset, can be opened again. It skips the
// test where no port is given.
func ConformAt(t *testing.T, o Opener, port string) {
	if port == "" {
		t.Skip("no -port of a device given")
	}
	attached, err := (&usb.Scanner{Patience: time.Minute}).Scan()
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := o.Close(); err != nil {
			t.Error(err)
		}
	}()
	for _, a := range attached {
		if a.ID.Port != port {
			continue
		}
		for again := range 2 {
			d, err := o.Open(a.ID, -1)
			if err != nil {
				t.Fatal(err)
			}
			if serial, err := d.String(3); err == nil {
				t.Logf("%v, serial %q, string 3 is %q", a.ID, a.ID.Serial, serial)
			}
			Conform(t, d)
			if again == 0 {
				start := time.Now()
				if err := o.Reset(a.ID); err != nil {
					t.Errorf("Reset: %v", err)
				}
				t.Logf("reset in %v", time.Since(start).Round(time.Millisecond))
			}
		}
		gone := a.ID
		gone.Address = 126
		if err := o.Reset(gone); err == nil {
			t.Error("a device that is not there was reset")
		}
		return
	}
	t.Fatalf("nothing is at port %s: %v", port, attached)
}
