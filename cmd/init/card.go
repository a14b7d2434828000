package main

import (
	"context"
	"log/slog"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/upscard/upscard/services/handover"
	"github.com/upscard/upscard/services/supervise"
)

// card is the running system.
type card struct {
	journal    *journal
	logger     *slog.Logger
	options    options
	reaper     *supervise.Reaper
	supervisor *supervise.Supervisor
	settings   handover.Settings
	ending     context.CancelFunc // tells the watchdog's keeper that the end has begun
}

const selfPath = "/proc/self/exe"

// serve runs everything until the card is to end and all programs have, and returns how it is to end.
func (c *card) serve() ending {
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, sigLog, sigPowerOff, sigReboot, sigTryboot, sigKeys,
		syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGPIPE) // the latter mean nothing to us, and must not end us
	reaping, stopReaping := context.WithCancel(context.Background())
	ctx, stop := context.WithCancel(context.Background())
	var reaper, parts sync.WaitGroup
	button := make(chan struct{}, 1)
	reaper.Go(func() { _ = c.reaper.Run(reaping) })
	c.configure(&parts)
	for _, p := range programs(c.settings.Source, cardState) {
		if err := c.supervisor.Add(p.supervised(selfPath)); err != nil {
			c.logger.Error("program is left out", "err", err)
		}
	}
	c.startParts(ctx, &parts, button)

	how := c.await(signals, button)
	c.ending()
	stop()
	if bounded(stopTime, parts.Wait) {
		c.logger.Info("all programs have ended", "next", how)
	} else { // one may hang in the kernel, out of reach of SIGKILL
		c.logger.Error("not every program has ended", "after", stopTime, "next", how)
	}
	stopReaping() // not before: it collects what the programs leave behind
	bounded(time.Second, reaper.Wait)
	return how
}

// stopTime bounds the time that all programs together have to end.
const stopTime = 10 * time.Second

// startParts runs the parts of init until ctx ends. button is sent to, without waiting, at each press.
func (c *card) startParts(ctx context.Context, parts *sync.WaitGroup, button chan<- struct{}) {
	press := func() {
		select {
		case button <- struct{}{}:
		default:
		}
	}
	world := &usbWorld{source: c.settings.Source, sysfs: "/sys", run: "/run", state: "/state", self: selfPath, keeper: c.supervisor, logger: c.logger, grant: grantUSB, nudge: nudgeUSB}
	parts.Go(func() { _ = c.supervisor.Run(ctx) })
	parts.Go(func() { c.keep(ctx, "USB", world.Run) })
	parts.Go(func() { watchButtons(ctx, "/dev", c.logger, press) })
	parts.Go(func() { c.announce(ctx) })
	parts.Go(c.keepCrash)
	if c.options.rescue {
		parts.Go(func() { c.rescue(ctx) })
	}
}

// await answers signals until one says that the card is to end.
func (c *card) await(signals <-chan os.Signal, button <-chan struct{}) ending {
	for {
		select {
		case s := <-signals:
			switch s {
			case sigLog:
				c.journal.repeat()
			case sigPowerOff:
				return powerOff
			case sigReboot, sigKeys:
				return reboot
			case sigTryboot:
				return tryboot
			}
		case <-button:
			c.logger.Info("power button")
			return powerOff
		}
	}
}

// keep runs a part of init again after it failed.
func (c *card) keep(ctx context.Context, name string, run func(context.Context) error) {
	const pause = time.Second
	for ctx.Err() == nil {
		if err := run(ctx); err != nil {
			c.logger.Error("part of init failed", "part", name, "err", err, "again", pause)
		}
		sleep(ctx, pause)
	}
}

func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
