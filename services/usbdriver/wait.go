package usbdriver

import (
	"context"
	"time"
)

// Pauses from one attempt to the next double from the shortest, which is what init needs to hand over a device node, to the longest. An attempt that took as
// long as that, for want of an answer, is followed by the shortest.
const (
	shortestPause = 50 * time.Millisecond
	longestPause  = 2 * time.Second

	patient = time.Second // pauses up to this one are no cause for alarm
)

// waiter paces a session.
type waiter struct {
	wake  <-chan struct{}
	asked <-chan struct{}
	next  time.Duration
}

func newWaiter(wake, asked <-chan struct{}) *waiter {
	return &waiter{wake: wake, asked: asked, next: shortestPause}
}

// reset makes the next pause the shortest.
func (w *waiter) reset() { w.next = shortestPause }

// forEvent waits until something was plugged in or out.
func (w *waiter) forEvent(ctx context.Context) { w.until(ctx, nil) }

// pause waits some time since the last attempt began, less if something was plugged in or out.
func (w *waiter) pause(ctx context.Context, began time.Time) {
	timer := time.NewTimer(max(w.next-time.Since(began), shortestPause))
	defer timer.Stop()
	w.next = min(2*w.next, longestPause)
	w.until(ctx, timer.C)
}

func (w *waiter) until(ctx context.Context, alarm <-chan time.Time) {
	for {
		select {
		case <-alarm:
			return
		case <-w.wake:
			w.reset()
			return
		case <-ctx.Done():
			return
		case <-w.asked:
		}
	}
}
