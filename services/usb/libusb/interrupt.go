//go:build cgo

package libusb

import (
	"context"
	"errors"
	"time"

	"github.com/upscard/upscard/services/usb"
)

func (d *device) Interrupt(ctx context.Context, packet []byte) (int, error) {
	if d.endpoint == nil {
		return 0, usb.ErrNoInterrupt
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if !d.calls.Begin(cancel) {
		return 0, errClosed
	}
	type result struct {
		data []byte
		err  error
	}
	// The read has a buffer of its own because it may outlive this call; Close waits for it.
	read := make(chan result, 1)
	go func() {
		defer d.calls.Done()
		buffer := make([]byte, max(d.hid.Packet, 8))
		n, err := d.endpoint.ReadContext(ctx, buffer)
		if errors.Is(wrap(err), usb.ErrStall) {
			d.clearHalt()
		}
		read <- result{buffer[:max(n, 0)], err}
	}()
	var r result
	select {
	case r = <-read:
	case <-ctx.Done():
		select {
		case r = <-read:
		case <-time.After(patience):
			return 0, errHung
		}
	}
	switch {
	case r.err == nil:
		return copy(packet, r.data), nil
	case ctx.Err() != nil:
		return 0, ctx.Err()
	}
	return 0, wrap(r.err)
}

// clearHalt lets the interrupt endpoint go on after a stall, which halts it until the host says so (USB 2.0, 9.4.1 and 9.4.5). The kernel has begun
// its side of the pipe anew by then. A device that refuses that will stall again.
func (d *device) clearHalt() {
	const toEndpoint, clearFeature, endpointHalt = 0x02, 1, 0
	_, _ = d.handle.Control(toEndpoint, clearFeature, endpointHalt, uint16(d.hid.Endpoint), nil)
}
