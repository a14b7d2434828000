package main

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/upscard/upscard/services/handover"
	"github.com/upscard/upscard/services/supervise"
	"github.com/upscard/upscard/services/usb"
)

// keeper is what the USB part needs of the supervisor.
type keeper interface {
	Add(supervise.Program) error
	Remove(name string)
	Status() []supervise.Status
	Changed() <-chan struct{}
}

// usbWorld keeps a driver for every device that may be a UPS, and gives the device to that driver alone.
type usbWorld struct {
	sysfs, run string
	state      string // directory that outlasts a restart
	self       string // path of this binary
	keeper     keeper
	source     handover.Source // of the configuration in force
	logger     *slog.Logger
	grant      func(node string, seat int) error
	nudge      func(port string) error
	kept       *keptRoster
	nudged     []string // ports of devices that were given to other drivers
}

// grantUSB lets the seat's driver open the device node.
func grantUSB(node string, seat int) error {
	return errors.Join(os.Chown(node, 0, uidFirstDriver+seat), os.Chmod(node, 0o660))
}

// nudgeUSB has the kernel tell of a device once more: a driver may open it that could not before.
func nudgeUSB(port string) error {
	return os.WriteFile(filepath.Join("/sys/bus/usb/devices", port, "uevent"), []byte("change"), 0)
}

// Run follows the kernel's events until ctx ends. It fails when they cannot be had.
func (w *usbWorld) Run(ctx context.Context) error {
	events, err := usb.Listen()
	if err != nil {
		return err
	}
	defer events.Close()
	ctx, cancel := context.WithCancelCause(ctx)
	look := make(chan struct{}, 1)
	look <- struct{}{} // what was plugged in before
	var follower sync.WaitGroup
	follower.Go(func() { cancel(follow(ctx, events, look)) })
	defer follower.Wait()
	defer cancel(nil)
	w.loop(ctx, look)
	if err := context.Cause(ctx); !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

// follow asks for a look at each USB event. A burst of them makes one.
func follow(ctx context.Context, events *usb.Uevents, look chan<- struct{}) error {
	for {
		e, err := events.Next(ctx)
		switch {
		case err == nil && !e.USB():
			continue
		case err != nil && !errors.Is(err, usb.ErrLost):
			return err
		}
		select {
		case look <- struct{}{}:
		default:
		}
	}
}

func (w *usbWorld) loop(ctx context.Context, look <-chan struct{}) {
	kept, roster := openRoster(w.state, w.logger)
	if before, err := usb.ReadRoster(w.run); err == nil && len(before) > 0 {
		roster = before // this is not the first loop since the start: seats have drivers
	}
	s, r, scanner := newSeats(roster), new(rest), &usb.Scanner{Root: w.sysfs}
	w.kept = kept
	w.writeRoster(s)
	for ctx.Err() == nil {
		changed := w.keeper.Changed()
		w.settle(s, r, scanner)
		for seat := s.next(time.Now()); seat != 0; seat = s.next(time.Now()) {
			w.start(s, seat)
		}
		select {
		case <-ctx.Done():
		case <-look:
			r.stir(time.Now())
			w.scan(s, r, scanner)
		case <-scanner.Told():
			w.scan(s, r, scanner)
		case <-changed:
		case <-at(s.deadline()):
		case <-at(r.deadline(time.Now())):
			w.scan(s, r, scanner)
		}
	}
}

// at is a channel that is sent to at a time; never if that is zero.
func at(t time.Time) <-chan time.Time {
	if t.IsZero() {
		return nil
	}
	return time.After(time.Until(t))
}

// scan never waits for a device. One that the kernel is busy with is as if it were not there yet.
func (w *usbWorld) scan(s *seats, r *rest, scanner *usb.Scanner) {
	settling := !r.done && usb.Settling(w.sysfs) // first: what is settled is found
	found, err := scanner.Scan()
	busy := errors.Is(err, usb.ErrBusy)
	rested := r.reached(time.Now(), settling || busy)
	if err != nil && !busy {
		w.logger.Error("USB devices cannot be listed", "err", err)
		return
	}
	n := s.scanned(found, rested)
	for seat, node := range s.plugged {
		if err := w.grant(node, seat); err != nil && !errors.Is(err, os.ErrNotExist) { // unplugged meanwhile
			w.logger.Error("device cannot be given to its driver", "device", node, "seat", seat, "err", err)
		}
	}
	for _, port := range w.nudged {
		if err := w.nudge(port); err != nil && !errors.Is(err, os.ErrNotExist) {
			w.logger.Error("a driver is not told of its device", "port", port, "err", err)
		}
	}
	w.nudged = nil
	w.tell(s, n)
	for _, seat := range n.ended {
		w.keeper.Remove(driverName(seat))
	}
	if n.changed {
		w.writeRoster(s)
	}
}

func (w *usbWorld) writeRoster(s *seats) {
	if err := usb.WriteRoster(w.run, s.roster); err != nil {
		w.logger.Error("roster is not written", "err", err)
	}
	w.kept.save(s.roster)
}

func (w *usbWorld) start(s *seats, seat int) {
	if device, _ := s.roster.Seat(seat); s.late != seat {
		w.logger.Info("device may be a UPS", "device", device, "seat", seat)
	}
	if err := w.keeper.Add(driver(w.source, seat).supervised(w.self)); err == nil {
		s.late = 0
	} else if !s.postpone(seat, time.Now()) {
		w.logger.Warn("driver is not started yet", "seat", seat, "err", err)
	}
}

// misread takes a driver's word that the device of its seat is another seat's, and has that one's driver look, which asks the device itself.
func (w *usbWorld) misread(s *seats, seat, other int) {
	device, _ := s.roster.Seat(seat)
	ok := s.misread(seat, other)
	w.logger.Warn("the kernel has read the serial number of a device wrong", "device", described(device), "seat", seat, "is", other, "possible", ok)
	w.writeRoster(s)
	w.nudged = append(w.nudged, device.Port)
}

// settle looks at the drivers: the seat of one that is ready or has ended once is settled, and a device that its driver refused is
// given up, or given to another driver that waits for it.
func (w *usbWorld) settle(s *seats, r *rest, scanner *usb.Scanner) {
	byName := make(map[string]supervise.Status)
	for _, st := range w.keeper.Status() {
		byName[st.Name] = st
	}
	for seat := range s.drivers {
		name := driverName(seat)
		st, ok := byName[name]
		switch {
		case !ok:
		case st.Ended(exitNoUPS):
			device, _ := s.roster.Seat(seat)
			w.logger.Info("device is no UPS", "device", device, "seat", seat)
			w.keeper.Remove(name)
			s.noUPS(seat)
			w.writeRoster(s)
		case st.State == supervise.Done && st.LastExit.Code > exitSeat:
			w.keeper.Remove(name)
			w.misread(s, seat, st.LastExit.Code-exitSeat)
			w.scan(s, r, scanner)
		case st.State == supervise.Ready, st.State == supervise.Pausing:
			s.settled(seat)
		}
	}
}
