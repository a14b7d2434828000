//go:build cgo

package libusb

import (
	"flag"
	"testing"

	"github.com/upscard/upscard/services/usb"
	"github.com/upscard/upscard/services/usb/usbtest"
)

var port = flag.String("port", "", "USB port of a device to test with; nothing is written to it")

// TestConform needs a device: `go test ./services/usb/libusb -port 1-1`, as root.
func TestConform(t *testing.T) {
	if *port == "" {
		t.Skip("no -port of a device given")
	}
	attached, err := usb.Scan(usb.SysfsRoot)
	if err != nil {
		t.Fatal(err)
	}
	var opener Opener
	defer func() {
		if err := opener.Close(); err != nil {
			t.Error(err)
		}
	}()
	for _, a := range attached {
		if a.ID.Port != *port {
			continue
		}
		for range 2 {
			d, err := opener.Open(a.ID, -1)
			if err != nil {
				t.Fatal(err)
			}
			if serial, err := d.String(3); err == nil {
				t.Logf("%v, serial %q, string 3 is %q", a.ID, a.ID.Serial, serial)
			}
			usbtest.Conform(t, d)
		}
		return
	}
	t.Fatalf("nothing is at port %s: %v", *port, attached)
}
