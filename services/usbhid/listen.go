package usbhid

import (
	"context"
	"errors"
	"time"

	"github.com/upscard/upscard/services/usb"
)

// listen puts interrupt packets into the box until ctx ends or the device is gone.
func (u *UPS) listen(ctx context.Context, box *mailbox) {
	buffer := make([]byte, 256)
	if size := u.opts.Tuning.InterruptSize; size > 0 && size < len(buffer) {
		buffer = buffer[:size]
	}
	join := joiner{declared: u.model.inputLen}
	failures := 0
	for ctx.Err() == nil {
		n, err := u.dev.Interrupt(ctx, buffer)
		switch {
		case ctx.Err() != nil:
			return
		case errors.Is(err, usb.ErrGone):
			box.fail(err)
			return
		case errors.Is(err, usb.ErrNoInterrupt):
			u.log.Info("no interrupts, polling only")
			return
		case errors.Is(err, usb.ErrTimeout), err == nil && n == 0:
			pause(ctx, 10*time.Millisecond)
			continue
		case err != nil:
			if failures++; failures == 1 {
				u.log.Warn("interrupt cannot be read", "err", err)
			}
			pause(ctx, min(time.Duration(failures)*100*time.Millisecond, 5*time.Second))
			continue
		}
		failures = 0
		if report := join.add(buffer[:n], time.Now()); report != nil {
			box.put(u.model.reportID(report), report)
		}
	}
}

// pause waits for d or until ctx ends.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
