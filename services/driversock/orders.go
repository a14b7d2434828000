package driversock

import (
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/upscard/upscard/services/lazyre"
	"github.com/upscard/upscard/services/ups"
)

const (
	// orderTimeout is how long a driver may take to tell what became of an order. NUT's slowest take some 10 s.
	orderTimeout = 30 * time.Second
	// turnTimeout is how long an order waits for the one before it. Clients give up an answer after 5 s.
	turnTimeout = 3 * time.Second
)

// Errors of Give.
var (
	ErrNoDriver      = errors.New("no driver is connected")
	ErrBusy          = errors.New("the driver has not ended the order before")
	ErrTellsNoResult = errors.New("the driver is of a NUT before 2.8, which tells no results and takes TRACKING for a parameter")
)

// Orders takes a server's orders to the driver that one Follow follows, one at a time: what waits for its turn is not yet
// in the driver's socket, and can still be dropped for good. Its zero value is ready, and used by any number of goroutines.
type Orders struct {
	mu      sync.Mutex
	driver  *follower // nil while no driver has told its state
	current *current
}

// current is the order whose result is awaited.
type current struct {
	id    string
	done  func(ups.Result)
	timer *time.Timer
	ended chan struct{}
}

// Give hands an order to the driver, once, when the order before it has ended. After an error the driver has not got it,
// and never will. Else done is called once: with the driver's result, or with Failed when none came because the driver died
// or took longer than 30 s. It may be called before Give returns, and must not block.
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

// begin waits for an order's turn and makes it the current one.
func (o *Orders) begin(id string, done func(ups.Result)) (*follower, error) {
	patience := time.NewTimer(turnTimeout)
	defer patience.Stop()
	for {
		f, before, err := o.try(id, done)
		if before == nil {
			return f, err
		}
		select {
		case <-before:
		case <-patience.C:
			return nil, ErrBusy
		}
	}
}

// try makes an order the current one, or returns what is closed when the one before it ends.
func (o *Orders) try(id string, done func(ups.Result)) (f *follower, before <-chan struct{}, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case o.driver == nil:
		return nil, nil, ErrNoDriver
	case isOld(o.driver.store.Get().Value("driver.version")):
		return nil, nil, ErrTellsNoResult
	case o.current != nil:
		return nil, o.current.ended, nil
	}
	log := o.driver.opts.Logger
	timer := time.AfterFunc(orderTimeout, func() { o.giveUp(id, log) })
	o.current = &current{id, done, timer, make(chan struct{})}
	return o.driver, nil, nil
}

// end lets the next order have its turn and returns done, nil if the order is not the current one.
func (o *Orders) end(id string) func(ups.Result) {
	o.mu.Lock()
	defer o.mu.Unlock()
	c := o.current
	if c == nil || c.id != id {
		return nil
	}
	o.current = nil
	c.timer.Stop()
	close(c.ended)
	return c.done
}

// finish passes a result on. One that comes too late, or twice, is void.
func (o *Orders) finish(id string, r ups.Result) {
	if done := o.end(id); done != nil {
		done(r)
	}
}

// giveUp ends an order that the driver did not answer to in time.
func (o *Orders) giveUp(id string, log *slog.Logger) {
	if done := o.end(id); done != nil {
		log.Warn("no answer to an order, which may still be carried out", "order", id, "after", orderTimeout)
		done(ups.Failed)
	}
}

// join opens the way to a driver, whose state is known now.
func (o *Orders) join(f *follower) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.driver = f
}

// leave ends the way to the driver. What became of its order nobody will know.
func (o *Orders) leave() {
	o.mu.Lock()
	o.driver = nil
	c := o.current
	o.mu.Unlock()
	if c != nil {
		o.finish(c.id, ups.Failed)
	}
}

var oldVersion = lazyre.New(`^([01]|2\.[0-7])\.`)

// isOld reports whether a driver of that version takes TRACKING for the parameter of a command.
func isOld(version string) bool { return oldVersion.MatchString(version) }
