package usbfs

import (
	"encoding/binary"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/upscard/upscard/services/usb"
)

// The kernel counts on these numbers, which hold the sizes of the structs (linux/usbdevice_fs.h on 64-bit machines).
func TestCodes(t *testing.T) {
	if unsafe.Sizeof(uintptr(0)) != 8 {
		t.Skip("the numbers here are those of 64-bit machines")
	}
	for name, code := range map[string][2]uintptr{
		"USBDEVFS_CONTROL":          {control, 0xc0185500},
		"USBDEVFS_GETDRIVER":        {getDriver, 0x41045508},
		"USBDEVFS_SUBMITURB":        {submit, 0x8038550a},
		"USBDEVFS_DISCARDURB":       {discard, 0x550b},
		"USBDEVFS_REAPURBNDELAY":    {reap, 0x4008550d},
		"USBDEVFS_RELEASEINTERFACE": {release, 0x80045510},
		"USBDEVFS_IOCTL":            {callDriver, 0xc0105512},
		"USBDEVFS_CONNECT":          {connect, 0x5517},
		"USBDEVFS_DISCONNECT_CLAIM": {disconnectClaim, 0x8108551b},
	} {
		if code[0] != code[1] {
			t.Errorf("%s is %#x, want %#x", name, code[0], code[1])
		}
	}
}

var (
	id        = usb.ID{Vendor: 0x051d, Product: 2, Port: "1-1", Bus: 1, Address: 2}
	first     = "\x09\x02\x09\x00\x00\x01\x00\x80\x00"
	second    = "\x09\x02\x22\x00\x01\x02\x00\x80\x00" + "\x09\x04\x00\x00\x01\x03\x00\x00\x00" + "\x09\x21\x10\x01\x00\x01\x22\xb5\x02" + "\x07\x05\x81\x03\x08\x00\x64"
	truncated = second[:20]
)

func node(vendor, product uint16, configurations ...string) []byte {
	device := make([]byte, 18)
	binary.NativeEndian.PutUint16(device[8:], vendor)
	binary.NativeEndian.PutUint16(device[10:], product)
	return append(device, strings.Join(configurations, "")...)
}

func TestInterfacesOf(t *testing.T) {
	for _, test := range []struct {
		name   string
		data   []byte
		active uint8
		found  int
		says   string
	}{
		{"second configuration", node(0x051d, 2, first, second), 2, 1, ""},
		{"first configuration", node(0x051d, 2, first, second), 1, 0, ""},
		{"truncated", node(0x051d, 2, first, truncated), 2, 1, ""},
		{"no such configuration", node(0x051d, 2, first, second), 3, 0, "no configuration descriptor has the value 3"},
		{"length 0", node(0x051d, 2, "\x09\x02\x00\x00\x01\x01\x00\x80\x00"), 3, 0, "no configuration descriptor"},
		{"junk", node(0x051d, 2, strings.Repeat("x", 40)), 1, 0, "configuration descriptor begins with"},
		{"another device", node(0x0764, 2, first), 1, 0, "device is gone: 0764:0002 is there now"},
		{"nothing", nil, 1, 0, "0 bytes of descriptors"},
	} {
		t.Run(test.name, func(t *testing.T) {
			found, err := interfacesOf(test.data, id, test.active)
			if len(found) != test.found || (err == nil) != (test.says == "") || err != nil && !strings.Contains(err.Error(), test.says) {
				t.Errorf("got %+v, %v", found, err)
			}
			if test.found == 1 && test.name != "truncated" && (found[0].Endpoint != 0x81 || found[0].Packet != 8) {
				t.Errorf("got %+v", found[0])
			}
		})
	}
}

func TestActiveConfiguration(t *testing.T) {
	root := t.TempDir()
	dir := filepath.Join(root, "bus/usb/devices/1-1")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := activeConfiguration(root, "1-1"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	for text, want := range map[string]string{"1\n": "", " 2\n": "", "\n": "not configured", "x\n": `"x" is no number`, "256": "is no number"} {
		if err := os.WriteFile(filepath.Join(dir, "bConfigurationValue"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		got, err := activeConfiguration(root, "1-1")
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) || err == nil && got == 0 {
			t.Errorf("%q: got %d, %v", text, got, err)
		}
	}
}

func TestErrors(t *testing.T) {
	for errno, want := range map[unix.Errno]error{
		unix.ENODEV: usb.ErrGone, unix.ESHUTDOWN: usb.ErrGone, unix.ETIMEDOUT: usb.ErrTimeout, unix.EPIPE: usb.ErrStall,
		unix.EBUSY: ErrInUse, unix.EACCES: fs.ErrPermission, unix.EOVERFLOW: unix.EOVERFLOW, unix.EPROTO: unix.EPROTO,
	} {
		if got := wrap(errno); !errors.Is(got, want) {
			t.Errorf("%v became %v", errno, got)
		}
	}
	if wrap(nil) != nil {
		t.Error("nil became an error")
	}
}

func FuzzInterfacesOf(f *testing.F) {
	f.Add(node(0x051d, 2, first, second), uint8(2))
	f.Add(node(0x051d, 2, truncated), uint8(1))
	f.Fuzz(func(t *testing.T, data []byte, active uint8) {
		if found, err := interfacesOf(data, id, active); err == nil && 9*len(found) > len(data) {
			t.Errorf("%d interfaces in %d bytes", len(found), len(data))
		}
	})
}
