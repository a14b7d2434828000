package main

import (
	"context"
	"log/slog"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/upscard/upscard/services/supervise"
)

// What the signals mean to PID 1.
const (
	sigLog      = syscall.SIGUSR1
	sigPowerOff = syscall.SIGUSR2
	sigReboot   = syscall.SIGTERM
	sigKeys     = syscall.SIGINT // Ctrl-Alt-Del: reboot
)

// boot is PID 1 from beginning to end. It does not return. A panic in it is left alone: the kernel's own follows, and panic= on the
// command line restarts the card.
func boot() {
	j := newJournal()
	j.line("init", "started")
	mountErr := mountAll("/", mounts())
	console := openConsole()
	printing, stopPrinting := context.WithCancel(context.Background())
	var printer sync.WaitGroup
	printer.Go(func() { j.print(printing, console) })

	cmdline, _ := os.ReadFile("/proc/cmdline") // where it is missing the mount error says why
	o, complaints := parseCmdline(string(cmdline))
	logger := j.logger(o.debug)
	for _, c := range complaints {
		logger.Warn("kernel command line", "word", c)
	}
	for _, err := range []error{mountErr, makeDirectories("/", directories()), setUpSystem(o)} {
		if err != nil {
			logger.Error("not all is set up", "err", err)
		}
	}

	c := &card{journal: j, console: console, logger: logger, options: o, reaper: supervise.NewReaper()}
	c.supervisor = supervise.New(supervise.Exec{Reaper: c.reaper, Lines: j.line}, logger)
	how := c.serve()
	logger.Info("all programs have ended", "next", how)
	endProcesses()
	stopPrinting()
	bounded(time.Second, printer.Wait)
	end(how, console)
}

// card is the running system.
type card struct {
	journal    *journal
	console    *os.File
	logger     *slog.Logger
	options    options
	reaper     *supervise.Reaper
	supervisor *supervise.Supervisor
}

const selfPath = "/proc/self/exe"

// serve runs everything until the card is to end and all programs have, and returns how it is to end.
func (c *card) serve() ending {
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, sigLog, sigPowerOff, sigReboot, sigKeys)
	for _, p := range programs() {
		if err := c.supervisor.Add(p.supervised(selfPath)); err != nil {
			c.logger.Error("program is left out", "err", err)
		}
	}

	// The reaper goes on while the programs end; so does whatever collects output.
	reaping, stopReaping := context.WithCancel(context.Background())
	var reaper sync.WaitGroup
	reaper.Go(func() { _ = c.reaper.Run(reaping) })
	defer reaper.Wait()
	defer stopReaping()

	ctx, stop := context.WithCancel(context.Background())
	var parts sync.WaitGroup
	defer parts.Wait()
	defer stop()
	button := make(chan struct{}, 1)
	press := func() {
		select {
		case button <- struct{}{}:
		default:
		}
	}
	world := &usbWorld{sysfs: "/sys", run: "/run", self: selfPath, keeper: c.supervisor, logger: c.logger, grant: grantUSB}
	parts.Go(func() { _ = c.supervisor.Run(ctx) })
	parts.Go(func() { c.keep(ctx, "USB", world.Run) })
	parts.Go(func() { watchButtons(ctx, "/dev", c.logger, press) })
	parts.Go(func() { c.announce(ctx) })
	if c.options.rescue {
		parts.Go(func() { c.rescue(ctx) })
	}
	return c.await(signals, button)
}

// await answers signals until one says that the card is to end.
func (c *card) await(signals <-chan os.Signal, button <-chan struct{}) ending {
	for {
		select {
		case s := <-signals:
			switch s {
			case sigLog:
				c.journal.dump(c.console)
			case sigPowerOff:
				return powerOff
			case sigReboot, sigKeys:
				return reboot
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

// portNUT is where upsd listens unless upscard.toml says otherwise.
const portNUT = 3493

// announce says once that the card can be talked to, which is what its owner waits for.
func (c *card) announce(ctx context.Context) {
	for {
		changed := c.supervisor.Changed()
		if host := address(); host != "" && isReady(c.supervisor.Status(), "netd", "upsd") {
			c.journal.line("upscard", readyLine(host))
			return
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return
		}
	}
}

// endProcesses ends what is not ours to supervise: the rescue shell's children.
func endProcesses() {
	_ = unix.Kill(-1, unix.SIGTERM)
	time.Sleep(100 * time.Millisecond)
	_ = unix.Kill(-1, unix.SIGKILL)
}
