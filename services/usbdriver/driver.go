// Package usbdriver keeps the driver of one UPS running while its USB device comes, fails, goes.
//
// A device that is attached and fails is healed by a ladder whose steps cost ever more. It begins when the data are stale, never while they are
// fresh, and no step writes to the UPS. In a process that has served the device well the first ladder is quick: upsmon takes a UPS that was on
// battery and is stale for 15 s for dead.
//
//	after the first failure                 what the driver does
//	0 s                                     services/usbhid reads again, each half second
//	0 to 5 s, 3 poll intervals at most      the data are stale (at once if every status report is refused, 2 s if none is answered)
//	4 to 6 s                                the device is closed and opened
//	5 to 8 s                                its port is reset, and it is opened
//	6 to 10 s                               the process ends: a new one is rid of transfers that hang, and of all else
//
// The process does not end for a device that answers, but not its status (ErrAnswers) or that it were no UPS: a new one would know less, and
// believe it. It is opened again and again.
//
// A process that never served the device well has all the time there is: it opens the device each 2 s, so that one that recovers is
// served within 3 s, resets its port once after 30 s, and ends after 60 s. So there is a quick ladder after good service, then
// one a minute.
//
// A device that answers nothing at all is reset late, after 30 s, unless it was on battery: the kernel waits 5 s for each of a dozen answers
// before it gives a port up, and then leaves it alone until something is plugged in, so that the cure may keep back one that recovers by itself.
package usbdriver

import (
	"context"
	"errors"
	"log/slog"
	"sync"

	"github.com/upscard/upscard/services/ups"
	"github.com/upscard/upscard/services/usb"
)

// ErrNotUPS is what Serve returns, wrapped, for an interface that has no power device page, and Run for a device that has only such.
var ErrNotUPS = errors.New("this device is no UPS")

// ErrGarbled is wrapped besides where what the interface says of itself is full of mistakes: then it has to say so for longer.
var ErrGarbled = errors.New("its description is garbled")

// ErrAnswers is what Serve wraps for a device that answers, but not as it did. A new process would know less of it.
var ErrAnswers = errors.New("the device answers other things")

// World is what a driver needs of the machine.
type World struct {
	// Scan lists what is attached. Where its error wraps usb.ErrBusy the list lacks devices that may be there in a moment.
	Scan func() ([]usb.Attached, error)

	// Next waits for the kernel to tell of a change. It may fail with usb.ErrLost and be called again.
	Next func(context.Context) (usb.Uevent, error)

	// Reread asks a device at the target's port that seems to be another one what it is: see the function Reread. It fails with fs.ErrPermission
	// where it may not. May be nil.
	Reread func(usb.ID) (usb.ID, error)

	// Interfaces lists the numbers of a device's interfaces that may be a UPS's, the likeliest first.
	Interfaces func(usb.ID) []int

	// Open opens a device with one of its interfaces. It may fail for a moment while its node is being made.
	Open func(id usb.ID, number int) (usb.Device, error)

	// Reset resets the port of a device that is not open. It may take long where the device does not answer. May be nil.
	Reset func(usb.ID) error

	// Serve keeps the store equal to the device until ctx ends, with nil, or the device fails, with data that are stale. For an interface
	// that is no UPS's it fails with ErrNotUPS at once; it may fail with a MisreadError before there are data.
	Serve func(context.Context, usb.Device, *ups.Store) error
}

// Driver attends to one device.
type Driver struct {
	World  World
	Target Target
	Store  *ups.Store
	Logger *slog.Logger
	Asked  <-chan struct{} // is received from wherever Run waits, as a sign that it turns; Serve has to do so itself. May be nil
	Opened func()          // called after each successful Open; may be nil
}

// Run waits for the device, opens and serves it, over and over, until ctx ends. It fails when nothing it could do would help:
// the device is no UPS (ErrNotUPS), several devices would do, USB itself does not work, or the end of the process is the next step of the
// ladder. Once there were data, they are stale whenever the device is not served.
func (d *Driver) Run(ctx context.Context) error {
	within, cancel := context.WithCancelCause(ctx)
	wake := make(chan struct{}, 1)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel(nil)
	wg.Go(func() {
		if err := d.follow(within, wake); err != nil {
			cancel(err)
		}
	})
	s := session{Driver: d, wait: newWaiter(wake, d.Asked), said: make(map[string]bool)}
	err := s.run(within)
	s.stale()
	switch {
	case ctx.Err() != nil:
		return nil
	case err == nil:
		return context.Cause(within)
	}
	return err
}

// follow wakes the session whenever it should look again.
func (d *Driver) follow(ctx context.Context, wake chan<- struct{}) error {
	for {
		e, err := d.World.Next(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, usb.ErrLost):
		case err != nil:
			return err
		case !d.Target.concerns(e):
			continue
		}
		select {
		case wake <- struct{}{}:
		default: // it has not yet looked since the last time
		}
	}
}
