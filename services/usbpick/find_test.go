package usbpick

import (
	"errors"
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
		wish     Wish
		want     string // port
		says     []string
	}{
		{"one", []usb.ID{backUPS}, nil, Wish{}, "1-1", nil},
		{"one of which the kernel knows what it is", []usb.ID{backUPS}, map[string]string{"1-1": upsDescriptor}, Wish{}, "1-1", nil},
		{"a UPS and a key", []usb.ID{backUPS, key}, map[string]string{"1-3": keyDescriptor}, Wish{}, "1-1", nil},
		{"the key by its port", []usb.ID{backUPS, key}, map[string]string{"1-3": keyDescriptor}, Wish{Port: "1-3"}, "1-3", nil},
		{"two", []usb.ID{backUPS, plain}, nil, Wish{}, "", []string{"choose with -port", "-port 1-1      051d:0002 APC Back-UPS serial 9B12", "-port 1-2      0764:0501"}},
		{"the second", []usb.ID{backUPS, plain}, nil, Wish{Port: "1-2"}, "1-2", nil},
		{"the one of its kind", []usb.ID{backUPS, plain}, nil, Wish{Vendor: "051D", Product: "2", Serial: "9B12"}, "1-1", nil},
		{"none", nil, nil, Wish{}, "", []string{"no UPS is attached"}},
		{"only a key", []usb.ID{key}, map[string]string{"1-3": keyDescriptor}, Wish{}, "", []string{"no UPS is attached", "-port 1-3", "Security key"}},
		{"none at that port", []usb.ID{backUPS}, nil, Wish{Port: "2-1"}, "", []string{"as wished; there are", "-port 1-1"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := usbtest.NewSysfs(t)
			for _, id := range test.attached {
				s.Plug(id, usbtest.HID)
			}
			for port, d := range test.known {
				describe(t, s, port, d)
			}
			got, err := Find(s.Root, test.wish)
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

func TestCheck(t *testing.T) {
	for says, w := range map[string]Wish{
		"": {Port: "1-1", Vendor: "051d", Product: "2", Serial: "x"}, "-port": {Port: "usb1"}, "-vendorid": {Vendor: "apc"}, "-productid": {Product: "12345"},
	} {
		if err := w.Check(); (err == nil) != (says == "") || err != nil && !strings.Contains(err.Error(), says+" ") {
			t.Errorf("%+v: got %v, want %q", w, err, says)
		}
	}
}

func TestAdvise(t *testing.T) {
	for want, err := range map[string]error{
		"run it as root (sudo)": &fs.PathError{Op: "open", Path: "/dev/bus/usb/001/002", Err: fs.ErrPermission},
		"with -take":            fmt.Errorf("claim interface 0: %w", usbfs.ErrInUse),
		"unplugged":             usb.ErrGone,
	} {
		if got := Advise(err); !errors.Is(got, err) || !strings.Contains(got.Error(), want) {
			t.Errorf("got %v, want %q", got, want)
		}
	}
	if other := errors.New("other"); Advise(other) != other {
		t.Error("another error was changed")
	}
}
