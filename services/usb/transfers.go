package usb

import (
	"context"
	"sync"
)

// Transfers counts a device's transfers under way, so that closing it waits for them. The zero value is ready; it is safe for concurrent use.
type Transfers struct {
	mu     sync.Mutex
	closed bool
	cancel context.CancelFunc
	count  sync.WaitGroup
}

// Begin counts a transfer that Done ends; it reports false on a closed device. Close calls cancel, the newest that is not nil.
func (t *Transfers) Begin(cancel context.CancelFunc) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return false
	}
	if cancel != nil {
		t.cancel = cancel
	}
	t.count.Add(1)
	return true
}

// Done ends what Begin has counted.
func (t *Transfers) Done() { t.count.Done() }

// Close lets none begin any more, and cancels what can be. It reports false where that was done before.
func (t *Transfers) Close() bool {
	t.mu.Lock()
	closed, cancel := t.closed, t.cancel
	t.closed = true
	t.mu.Unlock()
	if closed {
		return false
	}
	if cancel != nil {
		cancel()
	}
	return true
}

// Wait returns once none is under way. It comes after Close.
func (t *Transfers) Wait() { t.count.Wait() }
