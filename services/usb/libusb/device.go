//go:build cgo

package libusb

import (
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/google/gousb"

	"github.com/upscard/upscard/services/usb"
	"github.com/upscard/upscard/services/usb/usbdesc"
)

var _ usb.Device = (*device)(nil)

// directionIn is set in the addresses of IN endpoints; gousb wants them without.
const directionIn = 0x80

// patience bounds how long a cancelled interrupt read or the closing of a device may take. Only a host controller or its
// driver that hangs needs so long; the process should then end, which takes the transfer back.
const patience = 1500 * time.Millisecond

type device struct {
	id       usb.ID
	handle   *gousb.Device
	config   *gousb.Config
	claimed  *gousb.Interface
	hid      usbdesc.HIDInterface
	endpoint *gousb.InEndpoint // nil if there is none
	strings  usbdesc.Strings

	hung  atomic.Bool // a control transfer was not given back
	calls usb.Transfers
}

// claim is part of opening. The caller closes the device if it fails.
func (d *device) claim(number int) (err error) {
	defer noPanic(&err)
	d.handle.ControlTimeout = controlTimeout
	if err := d.handle.SetAutoDetach(true); err != nil {
		return fmt.Errorf("detach kernel drivers: %w", wrap(err))
	}
	value, interfaces, err := d.configuration()
	if err != nil {
		return err
	}
	if d.hid, err = usbdesc.Choose(interfaces, number); err != nil {
		return err
	}
	if d.config, err = d.handle.Config(value); err != nil {
		return err
	}
	if d.claimed, err = d.config.Interface(int(d.hid.Number), 0); err != nil {
		return claimed(err)
	}
	if d.hid.Endpoint == 0 {
		return nil
	}
	d.endpoint, err = d.claimed.InEndpoint(int(d.hid.Endpoint &^ directionIn))
	return err
}

func (d *device) ID() usb.ID            { return d.id }
func (d *device) Interface() uint8      { return d.hid.Number }
func (d *device) HIDDescriptor() []byte { return slices.Clone(d.hid.Descriptor) }

func (d *device) Control(requestType, request uint8, value, index uint16, data []byte) (int, error) {
	if !d.calls.Begin(nil) {
		return 0, errClosed
	}
	if d.hung.Load() {
		d.calls.Done()
		return 0, errLost
	}
	type result struct {
		n   int
		err error
	}
	// libusb waits until the kernel gives a transfer back that was not answered in time. Where it never does, neither does libusb return: so
	// the transfer has a buffer of its own, and Close fails.
	buffer := slices.Clone(data)
	ended := make(chan result, 1)
	go func() {
		defer d.calls.Done()
		n, err := d.handle.Control(requestType, request, value, index, buffer)
		ended <- result{n, err}
	}()
	timer := time.NewTimer(controlTimeout + patience)
	defer timer.Stop()
	select {
	case r := <-ended:
		if r.err != nil {
			return 0, wrap(r.err)
		}
		copy(data, buffer)
		return r.n, nil
	case <-timer.C:
		d.hung.Store(true)
		return 0, errLost
	}
}

// Close waits for the transfers under way, a bounded time. After it fails libusb cannot be used any more.
func (d *device) Close() error {
	if !d.calls.Close() {
		return nil
	}
	ended := make(chan error, 1)
	go func() {
		d.calls.Wait()
		ended <- d.release()
	}()
	select {
	case err := <-ended:
		return err
	case <-time.After(patience):
		return fmt.Errorf("close %v: %w", d.id, errHung)
	}
}

func (d *device) release() error {
	if d.claimed != nil {
		d.claimed.Close()
	}
	if d.config != nil {
		if err := d.config.Close(); err != nil {
			return err
		}
	}
	return d.handle.Close()
}
