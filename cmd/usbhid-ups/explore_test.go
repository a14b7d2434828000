package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"regexp"
	"strings"
	"testing"

	"github.com/upscard/upscard/services/usb"
	"github.com/upscard/upscard/services/usb/usbfs"
	"github.com/upscard/upscard/services/usb/usbtest"
)

// exploring is the program on a machine with one device.
type exploring struct {
	sysfs       *usbtest.Sysfs
	out, errors bytes.Buffer
	openErr     error
	device      *usbtest.Device
	number      int
	take        bool
}

func newExploring(t *testing.T, d *usbtest.Device) *exploring {
	e := &exploring{sysfs: usbtest.NewSysfs(t), device: d}
	e.sysfs.Plug(d.ID(), usbtest.HID)
	return e
}

func (e *exploring) run(t *testing.T, args ...string) int {
	m := machine{explore: world{sysfs: e.sysfs.Root, stdout: &e.out, stderr: &e.errors, open: func(_ usb.ID, number int, take bool) (usb.Device, error) {
		e.number, e.take = number, take
		return e.device, e.openErr
	}}}
	return run(t.Context(), append([]string{"explore"}, args...), &e.errors, m)
}

func TestExplore(t *testing.T) {
	d := newUPS()
	d.Fail(usbtest.Feature, 3, usbtest.Stall)
	e := newExploring(t, d)
	if code := e.run(t, "-take", "-interface", "2", "-vendorid", "1209"); code != 0 || !e.take || e.number != 2 {
		t.Fatalf("exit code %d, take %v, interface %d: %s", code, e.take, e.number, &e.errors)
	}
	got := regexp.MustCompile(` +`).ReplaceAllString(e.out.String(), " ")
	for _, line := range []string{
		"1209:0001 at port 1-1: serial A, release 0000",
		`a power device of the table "Power Device Class 1.0"; interface 0, report descriptor of 72 bytes, 6 fields, 2 reports read`,
		"PATH KIND REPORT BIT BITS RANGE UNIT VALUE SERVED AS",
		"UPS.PowerSummary.RemainingCapacity Feature 0x01 0 8 0..100 100 battery.charge",
		"UPS.PowerSummary.ConfigVoltage Feature 0x03 0 8 0..255 battery.voltage.nominal",
		"UPS.PowerSummary.PresentStatus.ACPresent Feature 0x02 0 1 0..1 1 ups.status",
		"UPS.PowerSummary.PresentStatus.Discharging Feature 0x02 1 1 0..1 0 ups.status",
		"Feature 0x03 could not be read: request refused by the device",
	} {
		if !strings.Contains(got, line+"\n") {
			t.Errorf("no %q in\n%s", line, &e.out)
		}
	}
	if !d.Closed() || len(d.Writes()) > 0 {
		t.Errorf("closed: %v, written: %v", d.Closed(), d.Writes())
	}
}

// Values come with their unit and the text that they stand for; a device that is no UPS is explored as well.
func TestExploreOther(t *testing.T) {
	d := usbtest.New(id, []byte{
		0x06, 0x00, 0xff, 0x09, 0x01, 0xa1, 0x01, 0x15, 0x00, 0x26, 0xff, 0x00, 0x75, 0x08, 0x95, 0x01, // a vendor's page
		0x05, 0x84, 0x09, 0xfe, 0xb1, 0x02, // iProduct
		0x67, 0x21, 0xd1, 0xf0, 0x00, 0x55, 0x05, 0x09, 0x30, 0xb1, 0x02, // Voltage in 10 mV
		0x65, 0x12, 0x55, 0x00, 0x09, 0x36, 0x81, 0x02, // Temperature in a unit of its own, Input
		0x65, 0x00, 0x05, 0x85, 0x25, 0x02, 0x09, 0x44, 0x09, 0x45, 0xb1, 0x00, // one of Charging and Discharging
		0xa4, // and a Push before the end
		0xc0,
	})
	d.SetReport(usbtest.Feature, 0, 2, 120, 1)
	d.SetString(2, "Thing")
	e := newExploring(t, d)
	if code := e.run(t); code != 0 {
		t.Fatalf("exit code %d: %s", code, &e.errors)
	}
	got := regexp.MustCompile(` +`).ReplaceAllString(e.out.String(), " ")
	for _, line := range []string{
		"no power device; interface 0",
		`ff000001.iProduct Feature 0x00 0 8 0..255 2 "Thing"`,
		"ff000001.Voltage Feature 0x00 8 8 0..255 V 1.2",
		"ff000001.Temperature Input 0x00 0 8 0..255 0x00000012\n",
		"ff000001.Charging Feature 0x00 16 8 0..2 Discharging",
	} {
		if !strings.Contains(got, line) {
			t.Errorf("no %q in\n%s", line, &e.out)
		}
	}
}

func TestExploreRefused(t *testing.T) {
	for _, test := range []struct {
		args []string
		open error
		code int
		says string
	}{
		{[]string{"-h"}, nil, 0, "Nothing is written to the device"},
		{[]string{"-x"}, nil, 2, "-x"},
		{[]string{"x"}, nil, 2, `unexpected argument "x"`},
		{[]string{"-vendorid", "apc"}, nil, 2, "hexadecimal"},
		{[]string{"-port", "1-2"}, nil, 1, "-port 1-1"},
		{nil, fs.ErrPermission, 1, "run it as root (sudo)"},
		{nil, fmt.Errorf("claim interface 0: %w", usbfs.ErrInUse), 1, "with -take"},
		{nil, nil, 1, "report descriptor: the answer is empty"},
	} {
		e := newExploring(t, usbtest.New(id, nil))
		e.openErr = test.open
		if code := e.run(t, test.args...); code != test.code || !strings.Contains(e.errors.String(), test.says) || e.out.Len() > 0 {
			t.Errorf("%q: exit code %d, want %d; want %q in\n%s", test.args, code, test.code, test.says, &e.errors)
		}
	}
}
