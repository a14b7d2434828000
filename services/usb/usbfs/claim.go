package usbfs

import (
	"bytes"
	"fmt"
	"unsafe"
)

// ourName is the driver that an interface has which some program has claimed through its node.
const ourName = "usbfs"

// claim takes the interface from its driver, in one step. A program's claim stands unless force is set.
func (d *device) claim(force bool) error {
	number := uint32(d.hid.Number)
	bound := boundDriver{number: number}
	if _, err := d.ioctl(getDriver, unsafe.Pointer(&bound)); err == nil {
		name, _, _ := bytes.Cut(bound.name[:], []byte{0})
		d.reattach = string(name) != ourName
	}
	take := takeInterface{number: number}
	if !force {
		take.flags = exceptDriver
		copy(take.driver[:], ourName)
	}
	if _, err := d.ioctl(disconnectClaim, unsafe.Pointer(&take)); err != nil {
		return fmt.Errorf("claim interface %d: %w", number, wrap(err))
	}
	d.claimed = true
	return nil
}

// unclaim gives the interface back, to the kernel's driver where it had one. Both fail without harm on a device that is gone.
func (d *device) unclaim() {
	if !d.claimed {
		return
	}
	number := uint32(d.hid.Number)
	_, _ = d.ioctl(release, unsafe.Pointer(&number))
	if d.reattach {
		call := onInterface{number: int32(number), code: connect}
		_, _ = d.ioctl(callDriver, unsafe.Pointer(&call))
	}
}

// ioctl calls the node's driver.
func (d *device) ioctl(code uintptr, arg unsafe.Pointer) (n int, err error) {
	controlErr := d.conn.Control(func(fd uintptr) { n, err = ioctl(fd, code, arg) })
	if controlErr != nil {
		return 0, errClosed
	}
	return n, err
}
