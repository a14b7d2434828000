package usbhid

import (
	"context"
	"encoding/binary"
	"errors"
	"log/slog"
	"slices"

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

// readDescriptor reads the report descriptor. The length stands in the HID descriptor, which some devices hold right in the configuration and wrong
// when asked (Tripp Lite SMART1000LCD) and some the other way round (Eaton 0202), so each length is tried.
func readDescriptor(ctx context.Context, dev usb.Device, log *slog.Logger) ([]byte, error) {
	var err error
	for _, length := range lengths(dev) {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		b := make([]byte, length)
		var n int
		n, err = dev.Control(fromInterface, getDescriptor, descriptorReport<<8, uint16(dev.Interface()), b)
		if errors.Is(err, usb.ErrGone) {
			return nil, err
		}
		if err == nil && n > 0 {
			if n < length && length != largest {
				log.Warn("report descriptor is short", "device", dev.ID(), "bytes", n, "expected", length)
			}
			return b[:n], nil
		}
	}
	if err == nil {
		err = errors.New("empty")
	}
	return nil, err
}

// lengths are the lengths that the report descriptor may have, the likeliest first.
func lengths(dev usb.Device) []int {
	var all []int
	add := func(descriptor []byte) {
		if n, ok := reportLength(descriptor); ok && !slices.Contains(all, n) {
			all = append(all, n)
		}
	}
	add(dev.HIDDescriptor())
	asked := make([]byte, 9)
	if n, err := dev.Control(fromInterface, getDescriptor, descriptorHID<<8, uint16(dev.Interface()), asked); err == nil {
		add(asked[:n])
	}
	return append(all, largest)
}

// reportLength reads the length of the report descriptor from a HID descriptor (HID 1.11, 6.2.1).
func reportLength(b []byte) (int, bool) {
	if len(b) < 9 || b[1] != descriptorHID || b[6] != descriptorReport {
		return 0, false
	}
	n := int(binary.LittleEndian.Uint16(b[7:]))
	return n, n > 0
}
