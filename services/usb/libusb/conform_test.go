//go:build cgo

package libusb

import (
	"flag"
	"testing"

	"github.com/upscard/upscard/services/usb/usbtest"
)

var port = flag.String("port", "", "USB port of a device to test with; nothing is written to it")

// TestConform needs a device: `go test ./services/usb/libusb -port 1-1`, as root.
func TestConform(t *testing.T) { usbtest.ConformAt(t, new(Opener), *port) }
