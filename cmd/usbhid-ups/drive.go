package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/upscard/upscard/services/driversock"
	"github.com/upscard/upscard/services/heartbeat"
	"github.com/upscard/upscard/services/ups"
	"github.com/upscard/upscard/services/usb"
	"github.com/upscard/upscard/services/usbdriver"
	"github.com/upscard/upscard/services/usbhid"
)

// readyAfter is when the driver serves its socket though no UPS was opened: whoever waits for it must not wait for a device.
const readyAfter = 2 * time.Second

// scanPatience bounds how long a look at sysfs keeps the driver, which has to say that it is alive, from anything else.
const scanPatience = 100 * time.Millisecond

// machine is what the driver has under it.
type machine struct {
	sysfs  string
	listen func() (events, error)
	opener func() (opener, error)

	explore world
}

type events interface {
	Next(context.Context) (usb.Uevent, error)
	Close() error
}

// opener opens USB devices with one of their HID interfaces.
type opener interface {
	Open(id usb.ID, number int) (usb.Device, error)
	Reset(id usb.ID) error
	Close() error
}

// drive attends to the device and serves the driver's socket, until ctx ends. The socket comes when the device has turned out to be a UPS,
// so that nothing else ever shows up under a UPS's name.
func drive(ctx context.Context, o options, logger *slog.Logger, m machine) error {
	a, err := assign(o, logger)
	if err != nil {
		return err
	}
	logger = logger.With("ups", a.name)
	bus, err := m.opener()
	if err != nil {
		return err
	}
	changes, err := m.listen()
	if err != nil {
		return err
	}
	defer changes.Close()
	store := ups.NewStore()
	known := make(chan struct{})
	parent, loop := heartbeat.To(o.Ready), make(heartbeat.Loop)
	desk := usbhid.NewDesk(a.standards)
	a.poll.Logger, a.poll.Asked, a.poll.Desk = logger, loop, desk
	scanner := &usb.Scanner{Root: m.sysfs, Port: a.target.Port, Patience: scanPatience}
	driver := &usbdriver.Driver{
		World: usbdriver.World{
			Scan: scanner.Scan,
			Next: changes.Next,
			Interfaces: func(id usb.ID) []int {
				if o.number >= 0 {
					return []int{o.number}
				}
				return usb.Interfaces(m.sysfs, id.Port)
			},
			Open:  func(id usb.ID, number int) (usb.Device, error) { return open(bus, id, number, loop) },
			Reset: bus.Reset,
			Serve: serveUPS(a.poll, identifier(a.roster, o.seat), sync.OnceFunc(func() { close(known) })),
		},
		Target: a.target,
		Store:  store,
		Logger: logger,
		Asked:  loop,
	}
	if o.seat > 0 { // elsewhere the device may be anybody's
		driver.World.Reread = func(id usb.ID) (usb.ID, error) { return reread(bus, loop, id) }
	}
	group, within := errgroup.WithContext(ctx)
	group.Go(func() error {
		return serveSocket(within, o, a.name, store, handler{desk}, known, parent, logger)
	})
	group.Go(func() error {
		if err := parent.Report(within, loop.Ask); err != nil {
			logger.Warn("liveness", "err", err)
		}
		return nil
	})
	group.Go(func() error {
		if err := driver.Run(within); err != nil {
			return err
		}
		return bus.Close()
	})
	return group.Wait()
}

// serveSocket serves the store once the device is known to be a UPS, or has kept everybody waiting.
func serveSocket(ctx context.Context, o options, name string, store *ups.Store, orders handler, known <-chan struct{},
	parent heartbeat.Parent, logger *slog.Logger) error {
	select {
	case <-known:
	case <-time.After(readyAfter):
	case <-ctx.Done():
		return nil
	}
	ln, err := listen(o.Run, name)
	if err != nil {
		return err
	}
	if err := parent.Ready(); err != nil {
		logger.Warn("readiness", "err", err)
	}
	return driversock.Serve(ctx, ln, store, orders, driversock.ServeOptions{Logger: logger, AllowUIDs: o.allowUIDs})
}

// unsureTries is how often a device is opened that does not tell well what it is, before it is taken for what the kernel has read. It is a quarter of a
// minute.
const unsureTries = 10

// identifier asks a device that is about to be served what it is, until it has told. It fails for one that is another seat's, which a driver of no seat
// does not look for.
func identifier(roster usb.Roster, seat int) func(usb.Device) error {
	done, tries := seat == 0, 0
	return func(d usb.Device) error {
		if done {
			return nil
		}
		told, err := usbdriver.Reread(d)
		if tries++; err != nil && tries < unsureTries {
			return err
		}
		done = true
		if other := roster.Find(told); err == nil && other > 0 && other != seat && !roster[other-1].NotUPS {
			return fmt.Errorf("%v, serial %q: %w", told, d.ID().Serial, usbdriver.MisreadError{Seat: other})
		}
		return nil
	}
}

// reread opens a device to ask what it is.
func reread(bus opener, loop heartbeat.Loop, id usb.ID) (usb.ID, error) {
	d, err := open(bus, id, -1, loop)
	if err != nil {
		return id, err
	}
	told, err := usbdriver.Reread(d)
	return told, errors.Join(err, d.Close())
}

// serveUPS is what is done with an open device. identified is asked, and known called, when it turns out to be a UPS.
func serveUPS(poll usbhid.Options, identified func(usb.Device) error, known func()) func(context.Context, usb.Device, *ups.Store) error {
	return func(ctx context.Context, device usb.Device, store *ups.Store) error {
		u, err := usbhid.Open(ctx, device, poll)
		switch {
		case errors.Is(err, usbhid.ErrGarbled):
			return fmt.Errorf("%w, %w: %w", usbdriver.ErrNotUPS, usbdriver.ErrGarbled, err)
		case errors.Is(err, usbhid.ErrNoPowerDevice):
			return fmt.Errorf("%w: %w", usbdriver.ErrNotUPS, err)
		}
		if err != nil {
			return err
		}
		if err := identified(device); err != nil {
			return err
		}
		known()
		err = u.Run(ctx, store)
		if errors.Is(err, usbhid.ErrUnread) && !errors.Is(err, usbhid.ErrMute) {
			return fmt.Errorf("%w; %w", err, usbdriver.ErrAnswers)
		}
		return err
	}
}

// listen makes the driver's socket, unless another driver serves that name.
func listen(runDir, name string) (*net.UnixListener, error) {
	if err := os.MkdirAll(driversock.Dir(runDir), 0o755); err != nil {
		return nil, err
	}
	path := driversock.Path(runDir, "usbhid-ups", name)
	if conn, err := net.Dial("unix", path); err == nil {
		conn.Close()
		return nil, fmt.Errorf("%s: another driver serves it", path)
	}
	return driversock.Listen(path)
}
