package driversock

import (
	"errors"
	"fmt"
	"regexp"
	"sync"
	"time"

	"github.com/upscard/upscard/services/ups"
)

const (
	// orderTimeout is how long a driver may take to tell what became of an order. NUT's slowest take some 10 s.
	orderTimeout = 30 * time.Second
	// maxPending bounds the orders of one driver that have no result yet. Drivers carry out one at a time.
	maxPending = 16
)

// Errors of Give.
var (
	ErrNoDriver      = errors.New("no driver is connected")
	ErrTooMany       = errors.New("too many orders wait for their results")
	ErrTellsNoResult = errors.New("the driver is of a NUT before 2.8, which tells no results and takes TRACKING for a parameter")
)

// Orders takes a server's orders to the driver that one Follow follows. Its zero value is ready, and used by any number of
// goroutines.
type Orders struct {
	mu      sync.Mutex
	driver  *follower // nil while no driver has told its state
	pending map[string]pendingOrder
}

type pendingOrder struct {
	done  func(ups.Result)
	timer *time.Timer
}

// Give hands an order to the driver, once. After an error the driver has not got it, and never will. Else done is called
// once: with the driver's result, or with Failed when none came because the driver died or took longer than 30 s. It may
// be called before Give returns, and must not block.
func (o *Orders) Give(order ups.Order, done func(ups.Result)) error {
	f, err := o.begin(order.ID, done)
	if err != nil {
		return err
	}
	err = f.send(appendOrder(nil, order))
	if err == nil {
		return nil
	}
	f.conn.Close() // the driver may have a part of the line, which nothing must complete
	if o.end(order.ID) == nil {
		return nil // done was called: the connection's end came first
	}
	return fmt.Errorf("send to the driver: %w", err)
}

// begin enters an order as pending.
func (o *Orders) begin(id string, done func(ups.Result)) (*follower, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case o.driver == nil:
		return nil, ErrNoDriver
	case len(o.pending) >= maxPending:
		return nil, ErrTooMany
	case isOld(o.driver.store.Get().Value("driver.version")):
		return nil, ErrTellsNoResult
	}
	if o.pending == nil {
		o.pending = make(map[string]pendingOrder)
	}
	o.pending[id] = pendingOrder{done, time.AfterFunc(orderTimeout, func() { o.finish(id, ups.Failed) })}
	return o.driver, nil
}

// end takes an order out of the pending ones and returns its done, nil if it is none of them.
func (o *Orders) end(id string) func(ups.Result) {
	o.mu.Lock()
	defer o.mu.Unlock()
	p, ok := o.pending[id]
	if !ok {
		return nil
	}
	p.timer.Stop()
	delete(o.pending, id)
	return p.done
}

// finish passes a result on. One that comes too late, or twice, is void.
func (o *Orders) finish(id string, r ups.Result) {
	if done := o.end(id); done != nil {
		done(r)
	}
}

// join opens the way to a driver, whose state is known now.
func (o *Orders) join(f *follower) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.driver = f
}

// leave ends the way to the driver. What became of its pending orders nobody will know.
func (o *Orders) leave() {
	o.mu.Lock()
	o.driver = nil
	lost := make([]string, 0, len(o.pending))
	for id := range o.pending {
		lost = append(lost, id)
	}
	o.mu.Unlock()
	for _, id := range lost {
		o.finish(id, ups.Failed)
	}
}

var oldVersion = regexp.MustCompile(`^([01]|2\.[0-7])\.`)

// isOld reports whether a driver of that version takes TRACKING for the parameter of a command.
func isOld(version string) bool { return oldVersion.MatchString(version) }
