package main

import (
	"context"
	"log/slog"
	"os"

	"golang.org/x/sync/errgroup"

	"github.com/upscard/upscard/services/config"
	"github.com/upscard/upscard/services/heartbeat"
	"github.com/upscard/upscard/services/netconf"
)

// server is what netd does all the time.
type server struct {
	plans    []netconf.Plan
	network  config.Network
	dir      string // of what runs
	stateDir string // of what survives a restart, "" is none
	logger   *slog.Logger
	parent   heartbeat.Parent
	ready    func() // told when there is an address
}

// run keeps the network and the clock until ctx ends.
func (s server) run(ctx context.Context) error {
	hostname, err := os.Hostname()
	if err != nil {
		s.logger.Warn("host name is not sent", "err", err)
	}
	online := make(chan struct{}, 1)
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return keepClock(ctx, s.network.NTP, online, s.stateDir, s.logger) })
	loop := make(heartbeat.Loop)
	group.Go(func() error {
		if err := s.parent.Report(ctx, loop.Ask); err != nil {
			s.logger.Warn("liveness", "err", err)
		}
		return nil
	})
	group.Go(func() error {
		return netconf.Run(ctx, netconf.Options{Plans: s.plans, DNS: s.network.DNS, Hostname: hostname, Sysfs: "/sys", Proc: "/proc", Dir: s.dir,
			Logger: s.logger, Asked: loop, Configured: func() { s.ready(); nudge(online) }})
	})
	return group.Wait()
}
