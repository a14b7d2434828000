package usbfs

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/upscard/upscard/services/usb"
	"github.com/upscard/upscard/services/usb/usbdesc"
)

// maxDescriptors bounds what is read of a node, in bytes: the device descriptor and those of its configurations.
const maxDescriptors = 64 << 10

// Opener opens devices. The zero value is ready to use, and leaves a device to a program that uses it.
type Opener struct {
	// Take takes an interface from the program that has it claimed. That program's transfers fail until the device is closed here; its
	// next one claims the interface again.
	Take bool

	Sysfs string // usb.SysfsRoot by default
}

// Open opens a device that a usb.Scanner has found and claims its HID interface with the number, or, if that is negative, its first one
// that is no boot keyboard or mouse. A driver of the kernel is detached from it; Close attaches it again, the end of the process does not.
func (o *Opener) Open(id usb.ID, number int) (usb.Device, error) {
	node := usb.Node(id.Bus, id.Address)
	active, err := activeConfiguration(cmp.Or(o.Sysfs, usb.SysfsRoot), id.Port)
	if err != nil {
		return nil, fmt.Errorf("open %v: %w", id, err)
	}
	file, err := os.OpenFile(node, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	d, err := start(file, id, active, number)
	if err == nil {
		err = d.claim(o.Take)
	}
	if err != nil {
		file.Close()
		return nil, fmt.Errorf("%s, %v: %w", node, id, err)
	}
	return d, nil
}

// Reset resets the port of a device that is not open here; whoever has it open loses it for a moment. Where the device does not answer
// afterwards the kernel takes its time, minutes at worst, and then the device away. What comes back may have another address.
func (o *Opener) Reset(id usb.ID) error {
	node := usb.Node(id.Bus, id.Address)
	file, err := os.OpenFile(node, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer file.Close()
	conn, err := file.SyscallConn()
	if err != nil {
		return err
	}
	if _, err := (&device{id: id, file: file, conn: conn}).ioctl(resetPort, nil); err != nil {
		return fmt.Errorf("reset %v: %w", id, wrap(err))
	}
	return nil
}

// Close is there for those who open devices through libusb.
func (o *Opener) Close() error { return nil }

// start makes a device of its open node, which says all of its descriptors when it is read.
func start(file *os.File, id usb.ID, active uint8, number int) (*device, error) {
	data, err := io.ReadAll(io.LimitReader(file, maxDescriptors))
	if err != nil {
		return nil, wrap(err)
	}
	interfaces, err := interfacesOf(data, id, active)
	if err != nil {
		return nil, err
	}
	d := &device{id: id, file: file}
	d.strings.Control = d.Control
	if d.hid, err = usbdesc.Choose(interfaces, number); err != nil {
		return nil, err
	}
	d.conn, err = file.SyscallConn()
	return d, err
}

// interfacesOf finds the HID interfaces of the active configuration in what a node says: the device descriptor with its numbers in
// the machine's byte order, then each configuration as it is.
func interfacesOf(data []byte, id usb.ID, active uint8) ([]usbdesc.HIDInterface, error) {
	const deviceLength = 18
	if len(data) < deviceLength {
		return nil, fmt.Errorf("%d bytes of descriptors", len(data))
	}
	vendor, product := binary.NativeEndian.Uint16(data[8:]), binary.NativeEndian.Uint16(data[10:])
	if vendor != id.Vendor || product != id.Product {
		return nil, fmt.Errorf("%w: %04x:%04x is there now", usb.ErrGone, vendor, product)
	}
	for rest := data[deviceLength:]; len(rest) >= 9; {
		length := int(binary.LittleEndian.Uint16(rest[2:]))
		if length < 9 || length > len(rest) {
			length = len(rest)
		}
		value, interfaces, err := usbdesc.ParseConfiguration(rest[:length])
		if err != nil || value == active {
			return interfaces, err
		}
		rest = rest[length:]
	}
	return nil, fmt.Errorf("no configuration descriptor has the value %d of the active one", active)
}

// activeConfiguration asks sysfs, which spares the device a request.
func activeConfiguration(sysfs, port string) (uint8, error) {
	file := filepath.Join(sysfs, "bus/usb/devices", port, "bConfigurationValue")
	text, err := os.ReadFile(file)
	if err != nil {
		return 0, err
	}
	text = bytes.TrimSpace(text)
	if len(text) == 0 {
		return 0, fmt.Errorf("%s: the device is not configured", file)
	}
	value, err := strconv.ParseUint(string(text), 10, 8)
	if err != nil {
		return 0, fmt.Errorf("%s: %q is no number", file, strings.ToValidUTF8(string(text), "?"))
	}
	return uint8(value), nil
}
