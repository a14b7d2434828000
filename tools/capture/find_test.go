package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/upscard/upscard/services/usb"
	"github.com/upscard/upscard/services/usb/usbfs"
	"github.com/upscard/upscard/services/usb/usbtest"
)

var (
	backUPS = usb.ID{Vendor: 0x051d, Product: 2, Port: "1-1", Bus: 1, Address: 2, Manufacturer: "APC", ProductName: "Back-UPS", Serial: "9B12"}
	plain   = usb.ID{Vendor: 0x0764, Product: 0x0501, Port: "1-2", Bus: 1, Address: 3}
	key     = usb.ID{Vendor: 0x1050, Product: 0x0407, Port: "1-3", Bus: 1, Address: 4, ProductName: "Security key"}
)

// describe makes the kernel's own driver tell what a device is.
func describe(t *testing.T, s *usbtest.Sysfs, port, descriptor string) {
	t.Helper()
	dir := filepath.Join(s.Root, "bus/usb/devices", port, port+":1.0", "0003:0000:0000.0001")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "report_descriptor"), []byte(descriptor), 0o644); err != nil {
		t.Fatal(err)
	}
}

const (
	upsDescriptor = "\x05\x84\x09\x04\xa1\x01\x09\x30\x15\x00\x25\x01\x75\x08\x95\x01\xb1\x02\xc0"
	keyDescriptor = "\x06\xd0\xf1\x09\x01\xa1\x01\x09\x20\x15\x00\x25\x01\x75\x08\x95\x01\x81\x02\xc0"
)

func TestFind(t *testing.T) {
	for _, test := range []struct {
		name     string
		attached []usb.ID
		known    map[string]string // report descriptors by port
		port     string
		want     string // port
		says     []string
	}{
		{"one", []usb.ID{backUPS}, nil, "", "1-1", nil},
		{"one of which the kernel knows what it is", []usb.ID{backUPS}, map[string]string{"1-1": upsDescriptor}, "", "1-1", nil},
		{"a UPS and a key", []usb.ID{backUPS, key}, map[string]string{"1-3": keyDescriptor}, "", "1-1", nil},
		{"the key by its port", []usb.ID{backUPS, key}, map[string]string{"1-3": keyDescriptor}, "1-3", "1-3", nil},
		{"two", []usb.ID{backUPS, plain}, nil, "", "", []string{"choose with -port", "-port 1-1      051d:0002 APC Back-UPS serial 9B12", "-port 1-2      0764:0501"}},
		{"the second", []usb.ID{backUPS, plain}, nil, "1-2", "1-2", nil},
		{"none", nil, nil, "", "", []string{"no UPS is attached"}},
		{"only a key", []usb.ID{key}, map[string]string{"1-3": keyDescriptor}, "", "", []string{"no UPS is attached", "-port 1-3", "Security key"}},
		{"none at that port", []usb.ID{backUPS}, nil, "2-1", "", []string{"no HID device is at USB port 2-1; there are", "-port 1-1"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := usbtest.NewSysfs(t)
			for _, id := range test.attached {
				s.Plug(id, usbtest.HID)
			}
			for port, d := range test.known {
				describe(t, s, port, d)
			}
			got, err := find(s.Root, test.port)
			if got.Port != test.want || (err == nil) != (test.says == nil) {
				t.Fatalf("got %v, %v", got, err)
			}
			for _, want := range test.says {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("no %q in %q", want, err)
				}
			}
		})
	}
}

func TestRefused(t *testing.T) {
	exists := filepath.Join(t.TempDir(), "exists")
	if err := os.WriteFile(exists, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		args []string
		open error
		code int
		says string
	}{
		{[]string{"-h"}, nil, 0, "Nothing is written to the UPS"},
		{[]string{"-x"}, nil, 2, "-x"},
		{[]string{"x"}, nil, 2, `unexpected argument "x"`},
		{[]string{"-port", "usb1"}, nil, 2, "want a USB port"},
		{[]string{"-interrupts", "-1s"}, nil, 2, "want a time"},
		{[]string{"-interrupts", "2h"}, nil, 2, "want a time"},
		{[]string{"-o", exists}, nil, 1, "choose another file with -o"},
		{[]string{"-o", exists + "/x"}, nil, 1, "not a directory"},
		{nil, &fs.PathError{Op: "open", Path: "/dev/bus/usb/001/002", Err: fs.ErrPermission}, 1, "/dev/bus/usb/001/002: permission denied: run it as root (sudo)"},
		{nil, fmt.Errorf("claim interface 0: %w", usbfs.ErrInUse), 1, "another program uses the device: stop its driver, or take the UPS for the time with -take"},
		{nil, usb.ErrGone, 1, "device is gone: was it unplugged"},
	} {
		s := usbtest.NewSysfs(t)
		s.Plug(backUPS, usbtest.HID)
		var said strings.Builder
		code := run(t.Context(), test.args, world{sysfs: s.Root, stdout: &said, stderr: &said,
			open: func(usb.ID, int, bool) (usb.Device, error) { return usbtest.New(backUPS, nil), test.open }})
		if code != test.code || !strings.Contains(said.String(), test.says) {
			t.Errorf("%q: exit code %d, want %d; want %q in\n%s", test.args, code, test.code, test.says, said.String())
		}
	}
}
