package main

import (
	"context"
	"log/slog"
	"sync"

	"github.com/upscard/upscard/services/driversock"
	"github.com/upscard/upscard/services/nut"
	"github.com/upscard/upscard/services/program"
)

// maxUPS bounds the UPSes that appear: everybody may put a socket into the directory.
const maxUPS = 64

// follow keeps every UPS's store equal to its driver's, as drivers' sockets appear in dir, and tells their states, until ctx ends.
func follow(ctx context.Context, dir string, opts options, registry *nut.Registry, logger *slog.Logger) error {
	ctx, cancel := context.WithCancel(ctx)
	f := fleet{registry: registry, dir: dir, trust: opts.trust, readers: opts.readers, logger: logger, drivers: make(map[*nut.UPS]*driver), attended: make(map[*nut.UPS]bool)}
	defer f.running.Wait()
	defer cancel()
	for _, u := range registry.All() {
		f.attend(ctx, u)
	}
	return driversock.Watch(ctx, dir, f.trust, func(s driversock.Socket) { f.appeared(ctx, s) })
}

// fleet is the followers of all drivers. It is used by one goroutine.
type fleet struct {
	registry *nut.Registry
	dir      string // of the sockets
	trust    driversock.Trust
	readers  program.UIDs
	logger   *slog.Logger
	drivers  map[*nut.UPS]*driver
	attended map[*nut.UPS]bool
	running  sync.WaitGroup
}

// driver is the follower of the driver of one UPS.
type driver struct {
	path string
	wake chan struct{}
	stop func() // returns once the follower has ended
}

// attend tells a UPS's state to the log and on its feed, driver or not, until ctx ends.
func (f *fleet) attend(ctx context.Context, u *nut.UPS) {
	if f.attended[u] {
		return
	}
	f.attended[u] = true
	f.running.Go(func() { u.Watch(ctx) })
	f.running.Go(func() { tell(ctx, u.Name(), u.Feed(), f.logger) })
	f.running.Go(func() { feed(ctx, f.dir, u, f.readers, f.logger) })
}

// appeared follows a socket, or tells its follower that it is there again. A UPS's newest socket wins: another driver
// took it over.
func (f *fleet) appeared(ctx context.Context, s driversock.Socket) {
	known := f.registry.Has(s.UPS)
	if !known && len(f.registry.All()) >= maxUPS {
		f.logger.Warn("UPS ignored: too many", "ups", s.UPS, "limit", maxUPS)
		return
	}
	u := f.registry.Add(s.UPS, "")
	f.attend(ctx, u)
	d := f.drivers[u]
	if d != nil && d.path == s.Path {
		select {
		case d.wake <- struct{}{}:
		default:
		}
		return
	}
	if d != nil {
		f.logger.Info("another driver takes over", "ups", u.Name(), "socket", s.Path)
		d.stop()
	}
	f.drivers[u] = f.start(ctx, u, s.Path)
}

func (f *fleet) start(ctx context.Context, u *nut.UPS, path string) *driver {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	d := &driver{path: path, wake: make(chan struct{}, 1)}
	d.stop = func() {
		cancel()
		<-done
	}
	opts := driversock.FollowOptions{
		Logger: f.logger.With("ups", u.Name()),
		Trust:  f.trust,
		Wake:   d.wake,
		OnData: u.DriverCame,
		Orders: new(driversock.Orders),
	}
	u.DrivenBy(opts.Orders)
	f.running.Go(func() {
		defer close(done)
		if err := driversock.Follow(ctx, path, u.Store(), opts); err != nil {
			f.logger.Error("driver no longer followed", "ups", u.Name(), "err", err)
		}
	})
	return d
}
