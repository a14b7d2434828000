package usbfs

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/upscard/upscard/services/usb"
)

// patience is how long the kernel may take to give back a read that was cancelled.
const patience = time.Second

// Interrupt reads one packet. A packet that comes while the read is being cancelled is returned: none is lost.
func (d *device) Interrupt(ctx context.Context, packet []byte) (int, error) {
	switch {
	case d.hid.Endpoint == 0:
		return 0, usb.ErrNoInterrupt
	case d.hung:
		return 0, errHung
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if !d.calls.Begin(cancel) {
		return 0, errClosed
	}
	defer d.calls.Done()
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	// The kernel writes to both until the read is given back.
	buffer := make([]byte, max(d.hid.Packet, 8))
	u := &urb{kind: urbInterrupt, endpoint: d.hid.Endpoint, buffer: unsafe.Pointer(&buffer[0]), length: int32(len(buffer))}
	var pin runtime.Pinner
	defer pin.Unpin()
	pin.Pin(u)
	pin.Pin(&buffer[0])
	if _, err := d.ioctl(submit, unsafe.Pointer(u)); err != nil {
		return 0, wrap(err)
	}
	if err := d.await(ctx, u); err != nil {
		return 0, err
	}
	switch {
	case u.status == 0:
		return copy(packet, buffer[:u.actual]), nil
	case ctx.Err() != nil:
		return 0, ctx.Err()
	}
	return 0, wrap(unix.Errno(-u.status))
}

// await returns when the kernel has given the read back, which it is told to do when ctx ends.
func (d *device) await(ctx context.Context, u *urb) error {
	told := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		_ = d.file.SetWriteDeadline(time.Unix(1, 0))
		close(told)
	})
	err := d.reap()
	if stop() {
		return err
	}
	<-told
	defer d.file.SetWriteDeadline(time.Time{})
	if err == nil {
		return nil
	}
	_, _ = d.ioctl(discard, unsafe.Pointer(u)) // it fails where the read has just ended
	_ = d.file.SetWriteDeadline(time.Now().Add(patience))
	if err := d.reap(); err != nil {
		d.hung = true // what the kernel gives back later must not be taken for another read
		return fmt.Errorf("%w: %w", errHung, err)
	}
	return nil
}

// reap waits for the end of the only read that can be under way. The node is "ready for writing" when one has ended.
func (d *device) reap() error {
	var err error
	waitErr := d.conn.Write(func(fd uintptr) bool {
		var ended uintptr // the urb, of which there is only one
		_, err = ioctl(fd, reap, unsafe.Pointer(&ended))
		return !errors.Is(err, unix.EAGAIN)
	})
	if waitErr != nil {
		return waitErr
	}
	return wrap(err)
}
