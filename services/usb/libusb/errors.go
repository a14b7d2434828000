//go:build cgo

package libusb

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/google/gousb"

	"github.com/upscard/upscard/services/usb"
)

var (
	errClosed = errors.New("device is closed")
	errLost   = fmt.Errorf("a control transfer hangs: %w", usb.ErrGone) // so that nobody asks again
	errHung   = fmt.Errorf("a transfer cannot be cancelled: %w", usb.ErrTimeout)
)

// claimed is the error of claiming an interface, of which gousb keeps the text alone.
func claimed(err error) error {
	if err != nil && strings.Contains(err.Error(), gousb.ErrorBusy.Error()) {
		return fmt.Errorf("%w: %w", usb.ErrInUse, err)
	}
	return err
}

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
