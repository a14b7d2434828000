package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/upscard/upscard/services/usb"
	"github.com/upscard/upscard/services/usb/usbtest"
)

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
		{[]string{"-port", "2-2"}, nil, 1, "there are\n  -port 1-1"},
		{[]string{"-o", exists}, nil, 1, "choose another file with -o"},
		{[]string{"-o", exists + "/x"}, nil, 1, "not a directory"},
		{nil, &fs.PathError{Op: "open", Path: "/dev/bus/usb/001/002", Err: fs.ErrPermission}, 1, "/dev/bus/usb/001/002: permission denied: run it as root (sudo)"},
	} {
		s, id := usbtest.NewSysfs(t), usb.ID{Port: "1-1", Bus: 1, Address: 2}
		s.Plug(id, usbtest.HID)
		var said strings.Builder
		code := run(t.Context(), test.args, world{sysfs: s.Root, stdout: &said, stderr: &said,
			open: func(usb.ID, int, bool) (usb.Device, error) { return usbtest.New(id, nil), test.open }})
		if code != test.code || !strings.Contains(said.String(), test.says) {
			t.Errorf("%q: exit code %d, want %d; want %q in\n%s", test.args, code, test.code, test.says, said.String())
		}
	}
}
