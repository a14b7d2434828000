//go:build cgo

package libusb

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/google/gousb"

	"github.com/upscard/upscard/services/usb"
)

var (
	errClosed = errors.New("device is closed")
	errHung   = fmt.Errorf("a transfer cannot be cancelled: %w", usb.ErrTimeout)
)

// wrap turns libusb's errors into those of package usb; others stay as they are.
func wrap(err error) error {
	switch {
	case errors.Is(err, gousb.ErrorNoDevice), errors.Is(err, gousb.TransferNoDevice):
		return usb.ErrGone
	case errors.Is(err, gousb.ErrorTimeout), errors.Is(err, gousb.TransferTimedOut):
		return usb.ErrTimeout
	case errors.Is(err, gousb.ErrorPipe), errors.Is(err, gousb.TransferStall):
		return usb.ErrStall
	case errors.Is(err, gousb.ErrorAccess):
		return fs.ErrPermission
	}
	return err
}
