package usbfs

import (
	"context"
	"errors"
	"flag"
	"testing"
	"time"

	"github.com/upscard/upscard/services/usb"
	"github.com/upscard/upscard/services/usb/usbtest"
)

// Nothing is written to the device.
var (
	port = flag.String("port", "", "USB port of a device to test with")
	take = flag.Bool("take", false, "take the device from the program that uses it")
)

// TestConform needs a device: `go test ./services/usb/usbfs -port 1-1`, as root. tools/e2e runs it on the card.
func TestConform(t *testing.T) { usbtest.ConformAt(t, &Opener{Take: *take}, *port) }

// A device that is open is not taken unless that is asked for; then it works for whoever took it.
func TestTake(t *testing.T) {
	if *port == "" {
		t.Skip("no -port of a device given")
	}
	attached, err := (&usb.Scanner{Patience: time.Minute}).Scan()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range attached {
		if a.ID.Port == *port {
			testTake(t, a.ID)
			return
		}
	}
	t.Fatalf("nothing is at port %s", *port)
}

func testTake(t *testing.T, id usb.ID) {
	first, err := (&Opener{Take: *take}).Open(id, -1)
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	if second, err := new(Opener).Open(id, -1); !errors.Is(err, ErrInUse) {
		t.Errorf("opened twice: %v, %v", second, err)
	}
	second, err := (&Opener{Take: true}).Open(id, -1)
	if err != nil {
		t.Fatal(err)
	}
	get := func(d usb.Device) error {
		_, err := d.Control(0x81, 6, 0x2200, uint16(d.Interface()), make([]byte, 4))
		return err
	}
	if err := get(second); err != nil {
		t.Error(err)
	}
	if err := get(first); !errors.Is(err, ErrInUse) {
		t.Errorf("a device that was taken: %v", err)
	}
	if err := second.Close(); err != nil {
		t.Error(err)
	}
	switch err := get(first); {
	case *take && errors.Is(err, ErrInUse):
		t.Log("the program that used the device was faster")
		return
	case err != nil:
		t.Errorf("a device that was given back: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := first.Interrupt(ctx, make([]byte, 64)); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("interrupts of a device that was given back: %v", err)
	}
}
