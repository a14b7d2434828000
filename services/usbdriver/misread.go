package usbdriver

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"github.com/upscard/upscard/services/usb"
	"github.com/upscard/upscard/services/usb/usbdesc"
)

// ErrUnsure is what Reread wraps where the device does not tell well what it is, and the kernel has not read it well either.
var ErrUnsure = errors.New("what the device calls itself is garbage")

// MisreadError is what Serve wraps, before there are data, for a device of which the kernel has read the serial number wrong: it is that of another seat.
// Run fails with it for a device that it has not served before.
type MisreadError struct{ Seat int }

func (e MisreadError) Error() string {
	return fmt.Sprintf("the device says that it is the one of seat %d", e.Seat)
}

// Reread asks an open device what it is, which the kernel has read once only. Where it says twice that its serial number is another, that is the one of the ID
// that is returned. It fails with ErrUnsure where neither can be believed.
func Reread(d usb.Device) (usb.ID, error) {
	id := d.ID()
	first, err1 := askIdentity(d)
	if err1 == nil && first.is(id) {
		return id, nil
	}
	second, err2 := askIdentity(d)
	switch {
	case err2 == nil && second.is(id):
	case err1 == nil && err2 == nil && first == second && first.vendor == id.Vendor && first.product == id.Product:
		id.Serial = first.serial
	case !clean(id.Serial):
		return id, fmt.Errorf("%v: %w: serial %q", id, ErrUnsure, id.Serial)
	}
	return id, nil
}

// identity is what tells devices at one port apart.
type identity struct {
	vendor, product uint16
	serial          string
}

// is reports whether the kernel has read the same.
func (i identity) is(id usb.ID) bool {
	return i.vendor == id.Vendor && i.product == id.Product && i.serial == id.Serial
}

// askIdentity reads the device descriptor (USB 2.0, 9.6.1) and the serial number that it names. It fails for what may have been read badly.
func askIdentity(d usb.Device) (identity, error) {
	const typeDevice, length = 1, 18
	b := make([]byte, length)
	n, err := d.Control(usbdesc.FromDevice, usbdesc.GetDescriptor, typeDevice<<8, 0, b)
	if err != nil {
		return identity{}, err
	}
	if n != length || b[0] != length || b[1] != typeDevice {
		return identity{}, fmt.Errorf("device descriptor is % x", b[:n])
	}
	i := identity{vendor: binary.LittleEndian.Uint16(b[8:]), product: binary.LittleEndian.Uint16(b[10:])}
	index := b[16]
	if index == 0 {
		return i, nil
	}
	cut := false
	text := usbdesc.Strings{Control: func(requestType, request uint8, value, index uint16, data []byte) (int, error) {
		n, err := d.Control(requestType, request, value, index, data)
		cut = cut || err == nil && n > 0 && n < int(data[0])
		return n, err
	}}
	if i.serial, err = text.Get(index); err != nil {
		return identity{}, err
	}
	i.serial, _, _ = strings.Cut(i.serial, "\x00") // as the kernel tells it
	i.serial = strings.TrimSpace(i.serial)
	if cut || !clean(i.serial) {
		return identity{}, fmt.Errorf("serial number is %q", i.serial)
	}
	return i, nil
}

// clean reports whether a text is like one that a manufacturer gives.
func clean(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' })
}
