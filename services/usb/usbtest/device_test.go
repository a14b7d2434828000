package usbtest_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/upscard/upscard/services/usb"
	"github.com/upscard/upscard/services/usb/usbtest"
)

var id = usb.ID{Vendor: 0x051d, Product: 2, Port: "1-1", Bus: 1, Address: 2}

func newDevice() *usbtest.Device {
	return usbtest.New(id, []byte{0x05, 0x84, 0x09, 0x04, 0xa1, 0x01, 0xc0})
}

func TestConform(t *testing.T) { usbtest.Conform(t, newDevice()) }

func TestConformWithoutInterrupt(t *testing.T) {
	d := newDevice()
	d.SetNoInterrupt()
	usbtest.Conform(t, d)
}

func TestReports(t *testing.T) {
	d := newDevice()
	d.SetReport(usbtest.Feature, 7, 7, 0x64, 0)
	get := func() ([]byte, error) {
		data := make([]byte, 8)
		n, err := d.Control(0xa1, 1, 3<<8|7, 0, data)
		return data[:n], err
	}
	for _, test := range []struct {
		name  string
		fault usbtest.Fault
		want  string
		err   error
	}{
		{"plain", nil, "\x07\x64\x00", nil},
		{"stall", usbtest.Stall, "", usb.ErrStall},
		{"short", usbtest.Short(1), "\x07", nil},
		{"garbage", usbtest.Garbage(1, 2, 3, 4), "\x01\x02\x03\x04", nil},
		{"gone", usbtest.Gone, "", usb.ErrGone},
		{"repaired", nil, "\x07\x64\x00", nil},
	} {
		d.Fail(usbtest.Feature, 7, test.fault)
		if got, err := get(); string(got) != test.want || !errors.Is(err, test.err) {
			t.Errorf("%s: got %q, %v", test.name, got, err)
		}
	}
	if len(d.Writes()) != 0 {
		t.Errorf("reading wrote %v", d.Writes())
	}
	if n, err := d.Control(0x21, 9, 3<<8|7, 0, []byte{7, 1, 2}); n != 3 || err != nil {
		t.Errorf("SET_REPORT: %d, %v", n, err)
	}
	if got, err := get(); string(got) != "\x07\x01\x02" || err != nil || len(d.Writes()) != 1 {
		t.Errorf("after SET_REPORT: %q, %v, writes %v", got, err, d.Writes())
	}
	if _, err := d.Control(0xa1, 1, 3<<8|8, 0, make([]byte, 8)); !errors.Is(err, usb.ErrStall) {
		t.Errorf("a report that is not there: %v", err)
	}
}

func TestTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDevice()
		d.FailAll(usbtest.Timeout(time.Second))
		start := time.Now()
		_, err := d.Control(0x81, 6, 0x2200, 0, make([]byte, 8))
		if !errors.Is(err, usb.ErrTimeout) || time.Since(start) != time.Second {
			t.Errorf("got %v after %v", err, time.Since(start))
		}
		if _, err := d.String(1); !errors.Is(err, usb.ErrTimeout) {
			t.Errorf("String: %v", err)
		}
	})
}

func TestInterrupt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDevice()
		packets := make(chan string)
		failed := make(chan error, 1)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go func() {
			for {
				data := make([]byte, 4)
				n, err := d.Interrupt(ctx, data)
				if err != nil {
					failed <- err
					return
				}
				packets <- string(data[:n])
			}
		}()
		synctest.Wait()
		d.Push(1, 2)
		d.Push()
		d.Push(1, 2, 3, 4, 5)
		for _, want := range []string{"\x01\x02", "", "\x01\x02\x03\x04"} {
			if got := <-packets; got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		}
		d.Unplug()
		if err := <-failed; !errors.Is(err, usb.ErrGone) {
			t.Errorf("got %v", err)
		}
		if _, err := d.Control(0x81, 6, 0x2200, 0, make([]byte, 8)); !errors.Is(err, usb.ErrGone) {
			t.Errorf("Control: %v", err)
		}
	})
}

func TestStrings(t *testing.T) {
	d := newDevice()
	d.SetString(3, "3B")
	if got, err := d.String(3); got != "3B" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := d.String(4); !errors.Is(err, usb.ErrStall) {
		t.Errorf("got %v", err)
	}
}
