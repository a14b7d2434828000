package usbfs

import (
	"errors"
	"fmt"
	"io/fs"

	"golang.org/x/sys/unix"

	"github.com/upscard/upscard/services/usb"
)

// ErrInUse is usb.ErrInUse.
var ErrInUse = usb.ErrInUse

var (
	errClosed = errors.New("device is closed")
	errHung   = errors.New("an interrupt read cannot be cancelled")
)

// wrap turns the kernel's errors into those of package usb; others stay as they are (Documentation/driver-api/usb/error-codes.rst).
func wrap(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, unix.ENODEV), errors.Is(err, unix.ESHUTDOWN), errors.Is(err, unix.ENOENT):
		return usb.ErrGone
	case errors.Is(err, unix.ETIMEDOUT):
		return usb.ErrTimeout
	case errors.Is(err, unix.EPIPE):
		return usb.ErrStall
	case errors.Is(err, unix.EBUSY):
		return ErrInUse
	case errors.Is(err, unix.EACCES), errors.Is(err, unix.EPERM):
		return fs.ErrPermission
	case errors.Is(err, unix.EOVERFLOW):
		return fmt.Errorf("the device sends more than was asked for: %w", err)
	}
	return err
}
