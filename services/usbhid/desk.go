package usbhid

import (
	"context"
	"errors"
	"sync/atomic"
	"time"
)

// Errors that an order's outcome wraps. Any other says that the UPS did not do it, or that nobody knows: an order is never repeated.
var (
	ErrUnknown = errors.New("no such command or variable")
	ErrInvalid = errors.New("not allowed")
)

var (
	errNobody   = errors.New("the UPS is not being served")
	errNotReady = errors.New("the UPS cannot be read")
)

// patience is how long an order waits for the poll loop before it is taken back.
const patience = 3 * time.Second

// Desk takes orders for one UPS and hands them to the Run that serves it. It outlives the device: what was set that the
// driver keeps itself holds over an unplugging, and a report that could be read once is never taken for one that the UPS has not.
type Desk struct {
	orders chan order
	kept   map[string]string // as of a model; belongs to Run
	proven map[key]int       // reports that some Run could read, with their lengths; belongs to Run
	failed atomic.Bool       // the last Run gave the device up
}

// NewDesk makes a desk. standard are values of variables that hold, for a UPS that has the variable, until one is set; it may be nil.
func NewDesk(standard map[string]string) *Desk {
	d := &Desk{orders: make(chan order), kept: make(map[string]string), proven: make(map[key]int)}
	for name, value := range standard {
		d.kept[name] = value
	}
	return d
}

// order is one request to the UPS.
type order struct {
	command     bool
	name, value string
	done        chan error // has room for the outcome
}

// InstCmd carries out an instant command. param replaces the value that the command stands for, where it takes one; "" is none.
func (d *Desk) InstCmd(ctx context.Context, name, param string) error {
	return d.submit(ctx, order{command: true, name: name, value: param})
}

// SetVar sets a variable.
func (d *Desk) SetVar(ctx context.Context, name, value string) error {
	return d.submit(ctx, order{name: name, value: value})
}

// submit waits until Run takes the order, then for what comes of it, which takes a few transfers at most.
func (d *Desk) submit(ctx context.Context, o order) error {
	o.done = make(chan error, 1)
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case d.orders <- o:
		return <-o.done
	case <-timer.C:
		return errNobody
	case <-ctx.Done():
		return ctx.Err()
	}
}
