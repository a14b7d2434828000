//go:build cgo

package libusb

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/google/gousb"

	"github.com/upscard/upscard/services/usb"
)

// controlTimeout bounds each control transfer.
const controlTimeout = time.Second

// nodes is where the kernel makes device nodes once a host controller is there.
const nodes = "/dev/bus/usb"

// Opener opens devices. The zero value is ready to use; libusb is started by the first Open.
type Opener struct {
	mu      sync.Mutex
	context *gousb.Context
}

// Open opens a device that a usb.Scanner has found and claims its HID interface with the number, or, if that is negative, its first one
// that is no boot keyboard or mouse. Kernel drivers are detached. It fails while libusb or the device node is not ready yet.
func (o *Opener) Open(id usb.ID, number int) (usb.Device, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if err := o.start(); err != nil {
		return nil, err
	}
	handle, err := o.find(id)
	if err != nil {
		return nil, fmt.Errorf("open %v: %w", id, err)
	}
	d := &device{id: id, handle: handle}
	d.strings.Control = d.Control
	if err := d.claim(number); err != nil {
		return nil, fmt.Errorf("open %v: %w", id, errors.Join(err, d.Close()))
	}
	return d, nil
}

// start comes before the first device. Without device nodes gousb.NewContext would panic.
func (o *Opener) start() (err error) {
	defer noPanic(&err)
	if o.context != nil {
		return nil
	}
	if _, err := os.Stat(nodes); err != nil {
		return fmt.Errorf("libusb: %w", err)
	}
	o.context = gousb.NewContext()
	return nil
}

// find opens the device with the id's number on its bus, which no other device gets before it is unplugged.
func (o *Opener) find(id usb.ID) (_ *gousb.Device, err error) {
	defer noPanic(&err)
	devices, err := o.context.OpenDevices(func(d *gousb.DeviceDesc) bool {
		return d.Bus == id.Bus && d.Address == id.Address && uint16(d.Vendor) == id.Vendor && uint16(d.Product) == id.Product
	})
	if len(devices) == 0 && err == nil {
		err = usb.ErrGone // or libusb has not heard of it yet
	}
	if len(devices) == 0 {
		return nil, wrap(err)
	}
	return devices[0], nil // an error with it is about another device
}

// Reset resets the port of a device that is not open here: gousb refuses while a configuration is claimed. Where the device does not
// answer afterwards the kernel takes its time, minutes at worst, and then the device away. What comes back may have another address.
// Other calls do not wait for it.
func (o *Opener) Reset(id usb.ID) error {
	handle, err := o.locked(id)
	if err != nil {
		return fmt.Errorf("reset %v: %w", id, err)
	}
	err = wrap(handle.Reset())
	if errors.Is(err, gousb.ErrorNotFound) { // it has to be enumerated anew
		err = usb.ErrGone
	}
	return errors.Join(err, handle.Close())
}

// locked is find for those who do not hold the lock.
func (o *Opener) locked(id usb.ID) (*gousb.Device, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if err := o.start(); err != nil {
		return nil, err
	}
	return o.find(id)
}

// Close ends libusb. It fails while a device is open.
func (o *Opener) Close() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.context == nil {
		return nil
	}
	err := o.context.Close()
	if err == nil {
		o.context = nil
	}
	return err
}

// noPanic is deferred around calls of gousb, which panics on what it does not expect, such as interfaces that are not
// numbered from 0.
func noPanic(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("gousb: %v", p)
	}
}
