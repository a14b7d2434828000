package usbhid

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/upscard/upscard/services/usb"
)

// listen puts interrupt packets into the box until ctx ends or the device is gone.
func (u *UPS) listen(ctx context.Context, box *mailbox) {
	buffer := make([]byte, 256)
	numbered := u.model.numbered()
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
		id := uint8(0)
		if numbered {
			id = buffer[0]
		}
		box.put(id, slices.Clone(buffer[:n]))
	}
}

// pause waits for d or until ctx ends.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// numbered reports whether the device numbers its reports.
func (m *model) numbered() bool {
	return slices.ContainsFunc(m.points, func(p *point) bool { return p.field().ReportID != 0 })
}
