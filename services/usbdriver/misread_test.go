package usbdriver_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/upscard/upscard/services/ups"
	"github.com/upscard/upscard/services/usb"
	"github.com/upscard/upscard/services/usb/usbtest"
	"github.com/upscard/upscard/services/usbdriver"
)

// teller is a device that tells what it is: each time the next serial number, the last for ever.
type teller struct {
	*usbtest.Device
	product byte
	serials []string // "-" is none, "stall" is no answer, "cut" is half of one
}

func (d *teller) Control(requestType, request uint8, value, index uint16, data []byte) (int, error) {
	switch {
	case requestType != 0x80 || request != 6:
		return d.Device.Control(requestType, request, value, index, data)
	case value == 1<<8:
		b := []byte{18, 1, 0, 2, 0, 0, 0, 8, 0x1d, 0x05, d.product, 0, 0, 1, 1, 2, 3, 1}
		if d.serials[0] == "-" {
			b[16] = 0
		}
		return copy(data, b), nil
	case value == 3<<8:
		return copy(data, []byte{4, 3, 9, 4}), nil
	case value != 3<<8|3:
		return 0, usb.ErrStall
	}
	serial := d.serials[0]
	if len(d.serials) > 1 {
		d.serials = d.serials[1:]
	}
	if serial == "stall" {
		return 0, usb.ErrStall
	}
	b := []byte{0, 3}
	for _, u := range utf16.Encode([]rune(serial)) {
		b = append(b, byte(u), byte(u>>8))
	}
	b[0] = byte(len(b))
	if serial == "cut" {
		b = b[:4]
	}
	return copy(data, b), nil
}

func TestReread(t *testing.T) {
	const garbage = "\uffff\uffff"
	for _, test := range []struct {
		name    string
		read    string // by the kernel
		product byte
		told    []string
		misread bool
		want    error
	}{
		{"as the kernel has read", "A1", 2, []string{"A1"}, false, nil},
		{"with blanks", "A1", 2, []string{" A1 "}, false, nil},
		{"cut as the kernel does", "A1", 2, []string{"A1\x00rest"}, false, nil},
		{"no serial number", "", 2, []string{"-"}, false, nil},
		{"one the kernel could not read", "", 2, []string{"A1"}, true, nil},
		{"another than the kernel has read", garbage, 2, []string{"A1"}, true, nil},
		{"another, and the kernel's is like one", "AI", 2, []string{"A1"}, true, nil},
		{"none, and the kernel has one", "A1", 2, []string{"-"}, true, nil},
		{"another model", "A1", 3, []string{"B"}, false, nil},
		{"another, once", "A1", 2, []string{"B", "A1"}, false, nil},
		{"another each time", "A1", 2, []string{"B", "C"}, false, nil},
		{"another each time, and the kernel read garbage", garbage, 2, []string{"B", "C"}, false, usbdriver.ErrUnsure},
		{"garbage, as the kernel read", garbage, 2, []string{garbage}, false, usbdriver.ErrUnsure},
		{"garbage", "A1", 2, []string{garbage}, false, nil},
		{"nothing", "A1", 2, []string{"stall"}, false, nil},
		{"nothing, and the kernel read garbage", garbage, 2, []string{"stall"}, false, usbdriver.ErrUnsure},
		{"half of it", "A1", 2, []string{"cut"}, false, nil},
	} {
		id := backUPS
		id.Serial = strings.ToValidUTF8(test.read, "")
		if test.read == garbage {
			id.Serial = garbage
		}
		d := &teller{usbtest.New(id, nil), test.product, test.told}
		got, err := usbdriver.Reread(d)
		want := id
		if want.Serial = id.Serial; test.misread {
			want.Serial = strings.Trim(test.told[len(test.told)-1], "-")
		}
		if !errors.Is(err, test.want) || got != want {
			t.Errorf("%s: got %v, serial %q, %v, want %q, %v", test.name, got, got.Serial, err, want.Serial, test.want)
		}
		if w := d.Writes(); len(w) > 0 {
			t.Errorf("%s: wrote %v", test.name, w)
		}
	}
}

// TestMisread has a device of which the kernel has read the serial number wrong.
func TestMisread(t *testing.T) {
	wrong := backUPS
	wrong.Serial = "?"
	bubble(t, "the driver of what it seems to be", func(t *testing.T) {
		w := run(t, usbdriver.Target{Port: "1-1"}, func(w *world) {
			w.serve = func(context.Context, usb.Device, *ups.Store) error {
				return fmt.Errorf("serial: %w", usbdriver.MisreadError{Seat: 7})
			}
		}, plugged(wrong))
		var misread usbdriver.MisreadError
		if err := <-w.ended; !errors.As(err, &misread) || misread.Seat != 7 || len(w.opens) != 1 || len(w.resets) > 0 {
			t.Errorf("got %v after %d opens, %d resets", err, len(w.opens), len(w.resets))
		}
		w.want(ups.Absent)
	})
	bubble(t, "the driver of what it is", func(t *testing.T) {
		w := run(t, target, plugged(backUPS))
		w.after(time.Minute).want(ups.Fresh)
		w.unplug("1-1")
		w.plug(readdressed(wrong)) // and only init can open it
		w.after(time.Minute).want(ups.Stale)
		set := func(told usb.ID, err error) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.told, w.toldErr = told, err
			w.event("change", "1-1", "usb_device")
		}
		set(readdressed(wrong), nil) // it is what it seems to be
		w.after(time.Minute).want(ups.Stale)
		set(readdressed(wrong), usbdriver.ErrUnsure)
		w.after(10 * time.Second).want(ups.Stale)
		set(readdressed(backUPS), nil)
		w.after(2 * time.Second).want(ups.Fresh)
		w.event("change", "1-1", "usb_device")
		w.after(time.Minute).want(ups.Fresh)
		if len(w.opens) != 2 || len(w.resets) > 0 {
			t.Errorf("opened at %v, reset at %v", w.opens, w.resets)
		}
	})
}
