package main

import (
	"cmp"
	"context"
	"log/slog"
	"os"
	"os/signal"

	"github.com/upscard/upscard/services/config"
	"github.com/upscard/upscard/services/driversock"
	"github.com/upscard/upscard/services/heartbeat"
	"github.com/upscard/upscard/services/nut"
	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"
)

// version is what clients are told. They compare the number in it with NUT's, whose protocol this release speaks.
const version = "2.8.5 (upscard)"

// defaultUPS is the name of the only UPS where nothing is configured.
const defaultUPS = "ups"

// serve runs until ctx ends. Clients get answers before any driver is there.
func serve(ctx context.Context, cfg *config.Config, opts options, logger *slog.Logger, tighten func(string) error) error {
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, unix.SIGHUP) // before anybody can know that we are there: without it we would end
	defer signal.Stop(hup)
	addrs := cfg.Listen
	if len(opts.listen) > 0 {
		addrs = opts.listen
	}
	dir := driversock.Dir(opts.Run)
	if err := os.MkdirAll(dir, 0o770); err != nil {
		return err
	}
	tls := newSecurity(opts.state, logger)
	secure, err := tls.of(cfg.TLS)
	if err != nil {
		return err
	}
	host := newHost(cfg, opts, logger)
	defer host.Close()
	host.Secure(secure)
	server := nut.NewServer(host, limits(cfg))
	entrance := newEntrance(server, host.Registry, logger, tighten)
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return entrance.serve(ctx, addrs) })
	g.Go(func() error { return follow(ctx, dir, opts, host.Registry, logger) })
	g.Go(func() error {
		reload(ctx, hup, cfg, opts.Config, host, tls, logger)
		return nil
	})
	g.Go(func() error { return control(ctx, dir, host, opts.primaries, logger) })
	if cfg.TLSShim.On {
		g.Go(func() error { return relayed(ctx, dir, server, opts.relays, logger) })
		g.Go(func() error { return grant(ctx, dir, tls, opts.relays, logger) })
	}
	parent := heartbeat.To(opts.Ready)
	g.Go(func() error { return tellReady(ctx, parent, entrance, logger) })
	g.Go(func() error {
		if err := parent.Report(ctx, askAll(entrance.server, host)); err != nil {
			logger.Warn("liveness", "err", err)
		}
		return nil
	})
	return g.Wait()
}

// tellReady tells the parent once clients can come in.
func tellReady(ctx context.Context, parent heartbeat.Parent, e *entrance, logger *slog.Logger) error {
	select {
	case <-e.opened:
	case <-ctx.Done():
		return nil
	}
	if err := parent.Ready(); err != nil {
		logger.Warn("readiness", "err", err)
	}
	return nil
}

// newHost offers the configured UPSes, or one by the default name.
func newHost(cfg *config.Config, opts options, logger *slog.Logger) *nut.Host {
	host := &nut.Host{Registry: new(nut.Registry), Users: nut.NewUsers(nil), Version: version, Strict: cfg.Protocol != "", Logger: logger}
	host.Registry.Tell("server.version", version)
	resumeFSD(host, opts.state, logger)
	apply(cfg, host)
	return host
}

// Clients at a time, in all and from one address. 10,000 that are idle leave room for those that are not; a network behind one address fits, and
// leaves room for all others. What init lets upsd have follows from these.
const (
	maxConns      = 12_000
	maxConnsOfOne = 2_500
	otherFiles    = 8*maxUPS + 64 // descriptors: a driver, a feed and its readers for each UPS, listeners and the like
)

// limits are those of the configuration, as far as the process's file descriptors go.
func limits(cfg *config.Config) nut.Limits {
	l := nut.Limits{Conns: maxConns, PerAddress: cmp.Or(cfg.MaxConnPerAddress, maxConnsOfOne), Idle: cfg.IdleTimeout}
	var files unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &files); err == nil {
		l.Conns = int(min(maxConns, max(files.Cur, otherFiles+1)-otherFiles))
	}
	return l
}
