package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/upscard/upscard/services/monitor"
	"github.com/upscard/upscard/services/upsmonconf"
)

// magic is the content of a POWERDOWNFLAG, which NUT's upsdrvctl and the scripts of distributions look for.
const magic = "upsmon-shutdown-file"

// hostCode is run for an ordinary host with an upsmon.conf.
func hostCode(ctx context.Context, opts options, stderr io.Writer, logger *slog.Logger) int {
	conf, err := readConf(opts.conf)
	if err != nil {
		fmt.Fprintln(stderr, "upsmon:", err)
		return 1
	}
	if opts.killpower {
		if hasFlag(conf.PowerDownFlag) {
			return 0
		}
		return 1
	}
	for _, line := range conf.Ignored {
		logger.Warn("means nothing here", "directive", line)
	}
	watchHost(ctx, conf, logger)
	return 0
}

func readConf(path string) (*upsmonconf.File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, upsmonconf.MaxSize+1))
	if err != nil {
		return nil, err
	}
	return upsmonconf.Parse(path, data)
}

// hasFlag reports whether the power is to be cut late in this machine's shutdown.
func hasFlag(path string) bool {
	content, err := os.ReadFile(path)
	return err == nil && strings.HasPrefix(string(content), magic)
}

// host is an upsmon on an ordinary machine.
type host struct {
	conf   *upsmonconf.File
	links  []*link
	forced atomic.Bool
	teller *teller
	logger *slog.Logger
}

// watchHost watches the UPSes of an upsmon.conf until ctx ends or this machine goes down.
func watchHost(ctx context.Context, conf *upsmonconf.File, logger *slog.Logger) {
	h := &host{conf: conf, logger: logger, teller: newTeller(conf, logger)}
	for _, m := range conf.Monitors {
		h.links = append(h.links, &link{Monitor: m, logger: logger})
	}
	if hasFlag(conf.PowerDownFlag) { // left over from the last outage
		if err := os.Remove(conf.PowerDownFlag); err != nil {
			logger.Error("POWERDOWNFLAG stays", "err", err)
		}
	}
	orders := make(chan os.Signal, 1)
	signal.Notify(orders, syscall.SIGUSR1)
	defer signal.Stop(orders)
	changed := make(chan struct{})
	telling, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	running.Go(func() { h.teller.run(telling) })
	running.Go(func() { h.obey(telling, orders, changed) })
	watch(ctx, surroundings{
		config: func() *monitor.Config { return &conf.Policy }, read: h.read, changed: changed, act: h.act, tell: h.teller.tell,
		save: func([]byte) error { return nil }, done: halted, logger: logger,
	}, monitor.State{})
	h.linger(ctx)
	for _, l := range h.links {
		l.logout(context.WithoutCancel(ctx))
	}
	h.teller.finish()
	cancel()
	running.Wait()
}

// obey takes upsmon's `-c fsd`, which is SIGUSR1.
func (h *host) obey(ctx context.Context, orders <-chan os.Signal, changed chan<- struct{}) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-orders:
			h.forced.Store(true)
			select {
			case changed <- struct{}{}:
			case <-ctx.Done():
			}
		}
	}
}

// halted reports whether this machine was told to go down.
func halted(s monitor.State) bool {
	for _, q := range s.Sequences {
		if q.Stage == monitor.StageHalted {
			return true
		}
	}
	return false
}

// read polls every UPS, at once.
func (h *host) read(ctx context.Context) monitor.Input {
	readings := make([]monitor.Reading, len(h.links))
	var polling sync.WaitGroup
	for i, l := range h.links {
		polling.Go(func() { readings[i] = l.poll(ctx) })
	}
	polling.Wait()
	in := monitor.Input{Readings: make(map[string]monitor.Reading), Force: h.forced.Load()}
	for i, l := range h.links {
		in.Readings[l.System] = readings[i]
	}
	return in
}

func (h *host) act(ctx context.Context, i monitor.Intent) monitor.Outcome {
	switch i.Kind {
	case monitor.SetFSD:
		for _, l := range h.links {
			if l.System == i.UPS {
				return l.fsd(ctx)
			}
		}
	case monitor.Halt:
		h.halt(ctx)
		return monitor.Succeeded
	}
	return monitor.Refused
}

// halt runs SHUTDOWNCMD, after the flag by which the machine's scripts know that the power is to be cut.
func (h *host) halt(ctx context.Context) {
	if flag := h.conf.PowerDownFlag; flag != "" {
		if err := os.WriteFile(flag, []byte(magic), 0o644); err != nil {
			h.logger.Error("POWERDOWNFLAG", "err", err)
		}
	}
	if h.conf.ShutdownCmd == "" {
		h.logger.Error("there is no SHUTDOWNCMD: this machine stays up")
		return
	}
	cmd := exec.CommandContext(context.WithoutCancel(ctx), "/bin/sh", "-c", h.conf.ShutdownCmd)
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	if err := cmd.Run(); err != nil {
		h.logger.Error("SHUTDOWNCMD", "err", err)
	}
}

// linger is SHUTDOWNEXIT: the login stays while this machine still does what takes time.
func (h *host) linger(ctx context.Context) {
	var end <-chan time.Time
	switch wait := h.conf.ShutdownExit; {
	case wait == 0:
		return
	case wait > 0:
		end = time.After(time.Duration(wait) * time.Second)
	}
	select {
	case <-ctx.Done():
	case <-end:
	}
}
