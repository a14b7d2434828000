package e2e

import (
	"strings"
	"testing"
)

// The edge to USB that needs no libusb does on a kernel what every edge must, and gives the driver its UPS back.
func TestUSBWithoutLibusb(t *testing.T) {
	m := bootReady(t, setup{files: map[string][]byte{"usbfs.test": forCard(t, "test", "-c", "../../services/usb/usbfs")}})
	out := m.shell("/usbfs.test -test.v -port 1-1 -take")
	for _, want := range []string{"--- PASS: TestConform", "--- PASS: TestTake"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	m.awaitAnswer("ups", "ups.status", `^OL`, patience)
}
