package usbhid

import (
	"context"
	"encoding/binary"
	"errors"
	"iter"
	"log/slog"

	"github.com/upscard/upscard/services/usb"
)

// Requests to an interface (USB 2.0, 9.4; HID 1.11, 7.1.1, 7.2.1) and the descriptors of HID.
const (
	fromInterface, classFromInterface = 0x81, 0xa1
	getDescriptor, getReport          = 0x06, 0x01
	descriptorHID, descriptorReport   = 0x21, 0x22
)

// largest is the room for a report descriptor of which the device does not tell the length.
const largest = 4096

// readDescriptor reads the report descriptor. The length stands in the HID descriptor, which some devices hold right
// in the configuration and wrong when asked (Tripp Lite SMART1000LCD) and some the other way round (Eaton 0202), so
// the lengths are tried until the result is usable. If none is, it returns the first.
func readDescriptor(ctx context.Context, dev usb.Device, log *slog.Logger, usable func([]byte) bool) ([]byte, error) {
	var first []byte
	err := errors.New("empty")
	for length := range lengths(dev) {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		b := make([]byte, length)
		n, e := dev.Control(fromInterface, getDescriptor, descriptorReport<<8, uint16(dev.Interface()), b)
		switch {
		case errors.Is(e, usb.ErrGone), errors.Is(e, usb.ErrTimeout): // another length does not make it faster
			return nil, e
		case e != nil:
			err = e
			continue
		case n < length && length != largest:
			log.Warn("report descriptor is short", "device", dev.ID(), "bytes", n, "expected", length)
		}
		if usable(b[:n]) {
			return b[:n], nil
		}
		if first == nil && n > 0 {
			first = b[:n]
		}
	}
	if first == nil {
		return nil, err
	}
	return first, nil
}

// lengths are the lengths that the report descriptor may have, the likeliest first. The device is asked only when its
// configuration's was wrong, or is known to be: that of Eaton's release 2.02 is too short, and what it gives a descriptor that is usable
// and lacks fields.
func lengths(dev usb.Device) iter.Seq[int] {
	held := func() (int, bool) { return reportLength(dev.HIDDescriptor()) }
	asked := func() (int, bool) {
		b := make([]byte, 9)
		n, err := dev.Control(fromInterface, getDescriptor, descriptorHID<<8, uint16(dev.Interface()), b)
		length, ok := reportLength(b[:max(n, 0)])
		return length, err == nil && ok
	}
	order := []func() (int, bool){held, asked, func() (int, bool) { return largest, true }}
	if id := dev.ID(); id.Vendor == 0x0463 && id.Release == 0x0202 {
		order[0], order[1] = asked, held
	}
	return func(yield func(int) bool) {
		tried := 0
		for _, length := range order {
			if n, ok := length(); ok && n != tried {
				if tried = n; !yield(n) {
					return
				}
			}
		}
	}
}

// reportLength reads the length of the report descriptor from a HID descriptor (HID 1.11, 6.2.1).
func reportLength(b []byte) (int, bool) {
	if len(b) < 9 || b[1] != descriptorHID || b[6] != descriptorReport {
		return 0, false
	}
	n := int(binary.LittleEndian.Uint16(b[7:]))
	return n, n > 0
}
