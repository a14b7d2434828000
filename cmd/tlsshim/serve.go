package main

import (
	"cmp"
	"context"
	"log/slog"
	"net"
	"net/netip"
	"runtime/debug"
	"slices"
	"sync"

	"github.com/upscard/upscard/services/config"
	"github.com/upscard/upscard/services/driversock"
	"github.com/upscard/upscard/services/heartbeat"
	"github.com/upscard/upscard/services/listen"
	"github.com/upscard/upscard/services/reach"
	"github.com/upscard/upscard/services/shim"
	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"
)

// memory is what the collector tries to keep to, in bytes: sooner than the limit that init sets.
const memory = 128 << 20

// Clients at a time, in all and from one address. Each takes two descriptors. What init lets us have follows from these.
const (
	maxConns      = 4_000
	maxConnsOfOne = 1_000
	otherFiles    = 96
)

// limits are those of the configuration, as far as the process's file descriptors go.
func limits(cfg *config.Config) shim.Limits {
	l := shim.Limits{Conns: maxConns, PerAddress: min(maxConns, cmp.Or(cfg.MaxConnPerAddress, maxConnsOfOne))}
	var files unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &files); err == nil {
		l.Conns = int(min(maxConns, (max(files.Cur, otherFiles+2)-otherFiles)/2))
	}
	return l
}

// serve runs until ctx ends.
func serve(ctx context.Context, cfg *config.Config, opts options, logger *slog.Logger, tighten func(string) error) error {
	debug.SetMemoryLimit(memory)
	to := newUpsd(opts)
	id, err := newIdentity(cfg, opts, to.ask)
	if err != nil {
		return err
	}
	server := shim.New(shim.Config{Limits: limits(cfg), TLS: id.tls, Certificate: func(local netip.Addr) error { _, err := id.of(local); return err },
		Dial: to.dial, Logger: logger})
	addrs := cfg.TLSShim.Addresses()
	if len(opts.listen) > 0 {
		addrs = opts.listen
	}
	e := &entrance{server: server, reach: reach.NewTeller(), opened: make(chan struct{})}
	sealed := func() error {
		if to.network != "unix" {
			return nil // a socket for each client
		}
		return tighten("tlsshim.serving")
	}
	parent := heartbeat.To(opts.Ready)
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		if len(opts.told) == 0 {
			return nil
		}
		if err := e.reach.Serve(ctx, reach.Dir(opts.Run, "tlsshim"), driversock.ServeOptions{Logger: logger, AllowUIDs: opts.told}); err != nil {
			logger.Error("ports that are served are not announced", "err", err)
		}
		return nil
	})
	g.Go(func() error { return listen.Each(ctx, addrs, logger, sealed, e.admit) })
	g.Go(func() error {
		select {
		case <-e.opened:
		case <-ctx.Done():
			return nil
		}
		if err := parent.Ready(); err != nil {
			logger.Warn("readiness", "err", err)
		}
		return nil
	})
	g.Go(func() error {
		if err := parent.Report(ctx, e.ask); err != nil {
			logger.Warn("liveness", "err", err)
		}
		return nil
	})
	return g.Wait()
}

// entrance is the addresses that clients come in by.
type entrance struct {
	server *shim.Server
	reach  *reach.Teller
	opened chan struct{} // closed when every address was tried and one is served
	open   sync.Once

	mu     sync.Mutex
	served []*listen.Askable
}

// admit serves the clients of ln until ctx ends.
func (e *entrance) admit(ctx context.Context, ln *net.TCPListener) error {
	defer e.reach.Open("", ln.Addr())()
	a := listen.NewAskable(ln)
	e.mu.Lock()
	e.served = append(e.served, a)
	e.mu.Unlock()
	e.open.Do(func() { close(e.opened) })
	return e.server.Serve(ctx, a)
}

// ask returns nil when every accept loop has turned.
func (e *entrance) ask(ctx context.Context) error {
	e.mu.Lock()
	served := slices.Clone(e.served)
	e.mu.Unlock()
	for _, ln := range served {
		if err := ln.Ask(ctx); err != nil {
			return err
		}
	}
	return nil
}
