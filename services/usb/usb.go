// Package usb names what a USB device must offer to a HID driver.
package usb

import (
	"context"
	"fmt"
)

// ID says which device this is and where it is plugged in.
type ID struct {
	Vendor, Product uint16
	Release         uint16 // bcdDevice
	Port            string // port path as the kernel writes it, "1-1.4"
	Bus, Address    int    // the device node is /dev/bus/usb/BBB/AAA
	Manufacturer    string // string descriptors; empty where the device has none
	ProductName     string
	Serial          string
}

func (id ID) String() string {
	return fmt.Sprintf("%04x:%04x at port %s", id.Vendor, id.Product, id.Port)
}

// Device is an open USB device whose HID interface is claimed. Control and String may be called from one goroutine at a
// time, Interrupt from one other. After Close every call fails. Errors do not say which device they are about: the caller knows.
type Device interface {
	ID() ID

	// Interface is the claimed interface's number; HIDDescriptor its class descriptor (HID 1.11, 6.2.1) as the configuration holds it, or
	// nil.
	Interface() uint8
	HIDDescriptor() []byte

	// Control does one control transfer (USB 2.0, 9.3) and returns how many bytes of data were moved. It is bounded by the
	// device's own time limit of at most a second and cannot be cancelled.
	Control(requestType, request uint8, value, index uint16, data []byte) (int, error)

	// String reads a string descriptor in the device's first language.
	String(index uint8) (string, error)

	// Interrupt waits for the next packet of the interface's interrupt-IN endpoint. It fails with ErrNoInterrupt where there is none.
	Interrupt(ctx context.Context, packet []byte) (int, error)

	Close() error
}

// Errors that a Device's methods wrap.
var (
	ErrGone        = fmt.Errorf("device is gone")                // unplugged or reset: open it again
	ErrTimeout     = fmt.Errorf("no answer in time")             // outcome unknown
	ErrStall       = fmt.Errorf("request refused by the device") // STALL handshake
	ErrNoInterrupt = fmt.Errorf("no interrupt-IN endpoint")
	ErrBusy        = fmt.Errorf("the kernel is busy with it")      // its strings cannot be read yet
	ErrInUse       = fmt.Errorf("another program uses the device") // a driver of the same UPS
)
