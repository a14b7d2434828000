package nut

import (
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/upscard/upscard/services/ups"
)

const (
	// trackedFor is how long a client may ask what became of an order (NUT's default TRACKINGDELAY).
	trackedFor = time.Hour
	// maxTracked bounds the orders that are remembered.
	maxTracked = 1024
)

// tracker remembers what became of tracked orders, the newest ones. Its zero value is empty.
type tracker struct {
	mu   sync.Mutex
	list []tracked // oldest first
}

type tracked struct {
	id     string
	asked  time.Time
	done   bool
	result ups.Result
}

// add remembers an order as pending, in place of the oldest if there are too many.
func (t *tracker) add(id string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.expire()
	if len(t.list) == maxTracked {
		t.list = slices.Delete(t.list, 0, 1)
	}
	t.list = append(t.list, tracked{id: id, asked: time.Now()})
}

// finish notes an order's result, if the order is remembered.
func (t *tracker) finish(id string, r ups.Result) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if o := t.find(id); o != nil {
		o.done, o.result = true, r
	}
}

// forget drops an order that was never given.
func (t *tracker) forget(id string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.list = slices.DeleteFunc(t.list, func(o tracked) bool { return o.id == id })
}

// status is the answer to GET TRACKING.
func (t *tracker) status(id string) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.expire()
	o := t.find(id)
	switch {
	case o == nil:
		return "ERR UNKNOWN"
	case !o.done:
		return "PENDING"
	case o.result == ups.Handled:
		return "SUCCESS"
	case o.result == ups.Invalid || o.result == ups.ConversionFailed:
		return "ERR INVALID-ARGUMENT"
	case o.result == ups.Failed:
		return "ERR FAILED"
	default:
		return "ERR UNKNOWN"
	}
}

// find returns an order or nil; a client may write the identifier in either case. The caller holds mu.
func (t *tracker) find(id string) *tracked {
	i := slices.IndexFunc(t.list, func(o tracked) bool { return strings.EqualFold(o.id, id) })
	if i < 0 {
		return nil
	}
	return &t.list[i]
}

// expire drops what is too old. The caller holds mu.
func (t *tracker) expire() {
	n := 0
	for n < len(t.list) && time.Since(t.list[n].asked) > trackedFor {
		n++
	}
	t.list = slices.Delete(t.list, 0, n)
}
