package usb_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/upscard/upscard/services/usb"
	"github.com/upscard/upscard/services/usb/usbtest"
)

func at(port string, address int) usb.ID {
	return usb.ID{Vendor: 0x051d, Product: 0x0002, Release: 0x0090, Port: port, Bus: 1, Address: address}
}

func TestScan(t *testing.T) {
	sysfs := usbtest.NewSysfs(t)
	full := at("1-1.10", 7)
	full.Manufacturer, full.ProductName, full.Serial = "American Power Conversion", "Back-UPS", "B0 12"
	sysfs.Plug(full, usbtest.HID)
	sysfs.Plug(at("1-1.2", 6), usbtest.Storage, usbtest.HID)
	sysfs.Plug(at("2-1", 3), usbtest.Keyboard, usbtest.HID)
	sysfs.Plug(at("2-2", 4), usbtest.Mouse)
	sysfs.Plug(at("1-1", 2), usbtest.Hub)
	sysfs.Plug(at("1-3", 8), usbtest.Storage)
	sysfs.Plug(at("1-4", 9))                  // not configured yet
	sysfs.Plug(at("usb1", 1), usbtest.HID)    // a root hub's name
	sysfs.Plug(at("10-2", 11), usbtest.HID)   // after bus 2 in numbers, before it in letters
	sysfs.Plug(at("1-1.2.1", 5), usbtest.HID) // behind the port before

	got, err := scan(sysfs.Root)
	if err != nil {
		t.Fatal(err)
	}
	want := []usb.Attached{
		{ID: at("1-1.2", 6), Node: "/dev/bus/usb/001/006"},
		{ID: at("1-1.2.1", 5), Node: "/dev/bus/usb/001/005"},
		{ID: full, Node: "/dev/bus/usb/001/007"},
		{ID: at("2-1", 3), Node: "/dev/bus/usb/001/003", Input: true},
		{ID: at("10-2", 11), Node: "/dev/bus/usb/001/011"},
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// A composite device's interfaces are those that the kernel lists, whatever order it lists them in.
func TestInterfaces(t *testing.T) {
	sysfs := usbtest.NewSysfs(t)
	sysfs.Plug(at("1-1", 2), usbtest.Serial, usbtest.SerialData, usbtest.HID) // an Arduino Leonardo
	sysfs.Plug(at("1-2", 3), usbtest.Keyboard, usbtest.HID, usbtest.Mouse, usbtest.HID)
	many := make([]usbtest.Triple, 12)
	for i := range many {
		many[i] = usbtest.Storage
	}
	many[2], many[11] = usbtest.HID, usbtest.HID
	sysfs.Plug(at("1-3", 4), many...)
	sysfs.Plug(at("1-4", 5), usbtest.Hub)
	for port, want := range map[string][]int{"1-1": {2}, "1-2": {1, 3}, "1-3": {2, 11}, "1-4": nil, "1-5": nil} {
		if got := usb.Interfaces(sysfs.Root, port); !slices.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", port, got, want)
		}
	}
}

func TestScanWithoutUSB(t *testing.T) {
	if got, err := scan(t.TempDir()); err != nil || len(got) != 0 {
		t.Errorf("got %v, %v", got, err)
	}
}

// A device that goes while it is looked at leaves attributes missing; others must still be found.
func TestScanBrokenDevice(t *testing.T) {
	for _, broken := range []string{"idVendor", "idProduct", "bcdDevice", "busnum", "devnum", "1-1:1.0/bInterfaceClass"} {
		t.Run(broken, func(t *testing.T) {
			sysfs := usbtest.NewSysfs(t)
			sysfs.Plug(at("1-1", 2), usbtest.HID)
			sysfs.Plug(at("1-2", 3), usbtest.HID)
			file := filepath.Join(sysfs.Root, "bus/usb/devices/1-1", broken)
			for _, breakIt := range []func() error{
				func() error { return os.WriteFile(file, []byte("junk\n"), 0o644) },
				func() error { return os.Remove(file) },
			} {
				if err := breakIt(); err != nil {
					t.Fatal(err)
				}
				got, err := scan(sysfs.Root)
				if err != nil || len(got) != 1 || got[0].ID.Port != "1-2" {
					t.Errorf("got %v, %v", got, err)
				}
			}
		})
	}
}

func TestComparePorts(t *testing.T) {
	ordered := []string{"1-1", "1-1.1", "1-1.2", "1-1.10", "1-2", "1-10", "2-1", "10-1", "", "1", "usb1"}
	for i, a := range ordered {
		for j, b := range ordered {
			if got, want := usb.ComparePorts(a, b), compare(i, j); got != want {
				t.Errorf("ComparePorts(%q, %q) = %d, want %d", a, b, got, want)
			}
		}
	}
}

func compare(i, j int) int {
	switch {
	case i < j:
		return -1
	case i > j:
		return 1
	}
	return 0
}

func TestValidPort(t *testing.T) {
	for port, want := range map[string]bool{
		"1-1": true, "12-3.4.15": true, "1-1.2.3.4.5.6": true,
		"": false, "-": false, "1": false, "1-": false, "-1": false, "1-1.": false, "1-.1": false, "1.1-1": false, "1-0": false, "0-1": false,
		"1-01": false, "1-1-1": false, "usb1": false, "1-1:1.0": false, "1-+1": false, "1-99999999999": false, "1-1.1.1.1.1.1.1.1.1": false,
	} {
		if got := usb.ValidPort(port); got != want {
			t.Errorf("ValidPort(%q) = %v", port, got)
		}
	}
}

func scan(root string) ([]usb.Attached, error) {
	return (&usb.Scanner{Root: root, Patience: time.Minute}).Scan()
}
