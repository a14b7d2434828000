package usb_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/upscard/upscard/services/usb"
	"github.com/upscard/upscard/services/usb/usbtest"
)

func ports(attached []usb.Attached) (list []string) {
	for _, a := range attached {
		list = append(list, a.ID.Port)
	}
	return list
}

// A device that the kernel is busy with keeps nobody from those beside it. It is found when the kernel is done.
func TestScannerDoesNotWait(t *testing.T) {
	sysfs := usbtest.NewSysfs(t)
	hung := at("1-1", 2)
	hung.Serial = "H1"
	sysfs.Plug(hung, usbtest.HID)
	sysfs.Plug(at("1-2", 3), usbtest.HID)
	release := sysfs.Hang(hung)
	s := &usb.Scanner{Root: sysfs.Root, Patience: 200 * time.Millisecond}
	for range 3 {
		began := time.Now()
		got, err := s.Scan()
		if !slices.Equal(ports(got), []string{"1-2"}) || !errors.Is(err, usb.ErrBusy) || !strings.Contains(err.Error(), "1-1") {
			t.Errorf("got %v, %v", got, err)
		}
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("took %v", took)
		}
	}
	select {
	case <-s.Told():
		t.Error("told too early")
	default:
	}
	if got, err := (&usb.Scanner{Root: sysfs.Root, Port: "1-2", Patience: time.Minute}).Scan(); err != nil || !slices.Equal(ports(got), []string{"1-2"}) {
		t.Errorf("another port: %v, %v", got, err)
	}
	release()
	select {
	case <-s.Told():
	case <-time.After(30 * time.Second):
		t.Fatal("not told")
	}
	if got, err := s.Scan(); err != nil || !slices.Equal(ports(got), []string{"1-1", "1-2"}) || got[0].ID.Serial != "H1" {
		t.Errorf("got %v, %v", got, err)
	}
}

// The strings of a device are those that it was plugged in with: the kernel reads them once, and keeps them back while it resets the device's port.
func TestScannerReadsOnce(t *testing.T) {
	sysfs := usbtest.NewSysfs(t)
	id := at("1-1", 2)
	id.Serial = "A"
	sysfs.Plug(id, usbtest.HID)
	s := &usb.Scanner{Root: sysfs.Root, Patience: time.Minute}
	want := func(serial string) {
		t.Helper()
		if got, err := s.Scan(); err != nil || len(got) != 1 || got[0].ID.Serial != serial {
			t.Errorf("got %v, %v", got, err)
		}
	}
	want("A")
	release := sysfs.Hang(id)
	want("A")
	release()
	sysfs.Unplug("1-1")
	if got, err := s.Scan(); err != nil || len(got) != 0 {
		t.Errorf("got %v, %v", got, err)
	}
	id.Serial = "B"
	sysfs.Plug(id, usbtest.HID)
	want("B")
}
