package usbtest

import (
	"context"
	"sync/atomic"

	"github.com/upscard/upscard/services/usb"
)

// Interrupt returns the packets given to Push, in order.
func (d *Device) Interrupt(ctx context.Context, packet []byte) (int, error) {
	defer exclusive(&d.interrupting, "interrupt reads")()
	for {
		d.mu.Lock()
		changed, none := d.changed, d.noInterrupt
		var next []byte
		if len(d.packets) > 0 {
			next, d.packets = d.packets[0], d.packets[1:]
		}
		d.mu.Unlock()
		switch err := d.alive(); {
		case err != nil:
			return 0, err
		case none:
			return 0, usb.ErrNoInterrupt
		case next != nil:
			return copy(packet, next), nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
}

// Close makes every later call fail, and an interrupt read that is under way.
func (d *Device) Close() error {
	d.change(func() { d.closed = true })
	return nil
}

func (d *Device) alive() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.closed:
		return ErrClosed
	case d.gone:
		return usb.ErrGone
	}
	return nil
}

// exclusive panics when another call is under way; the returned function ends this one.
func exclusive(busy *atomic.Bool, what string) (end func()) {
	if !busy.CompareAndSwap(false, true) {
		panic("usbtest: two " + what + " at once")
	}
	return func() { busy.Store(false) }
}
