package main

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"net"
	"os"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/upscard/upscard/services/config"
	"github.com/upscard/upscard/services/driversock"
	"github.com/upscard/upscard/services/feeds"
	"github.com/upscard/upscard/services/heartbeat"
	"github.com/upscard/upscard/services/listen"
	"github.com/upscard/upscard/services/nis"
	"github.com/upscard/upscard/services/reach"
	"golang.org/x/sync/errgroup"
)

// version is what VERSION shows: the number of the apcupsd whose records these are, its date, and who wrote them.
const version = "3.14.14 (31 May 2016) upscard"

// defaultUPS is the name of the only UPS where nothing is configured.
const defaultUPS = "ups"

// serve runs until ctx ends.
func serve(ctx context.Context, cfg *config.Config, opts options, logger *slog.Logger, tighten func(string) error) error {
	parent, loop := heartbeat.To(opts.Ready), make(heartbeat.Loop)
	if cfg.NIS.Off {
		logger.Info("apcupsd's clients are not served, as the configuration says")
		return idle(ctx, parent, loop, logger)
	}
	host := opts.host
	if host == "" {
		name, err := os.Hostname()
		if err != nil {
			return err
		}
		host = name
	}
	doors, err := ports(cfg, logger)
	if err != nil {
		return err
	}
	follower := feeds.New(driversock.Dir(opts.Run), opts.trust, logger)
	recorder, err := newRecorder(cfg, follower, doors, host, opts.state, logger)
	if err != nil {
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { follower.Run(ctx); return nil })
	g.Go(func() error { recorder.run(ctx, loop); return nil })
	e := &entrance{logger: logger, tighten: tighten, open: reach.NewTeller()}
	g.Go(func() error {
		if err := e.open.Serve(ctx, reach.Dir(opts.Run, "nisd"), driversock.ServeOptions{Logger: logger, AllowUIDs: opts.told}); err != nil {
			logger.Error("ports that are served are not announced", "err", err)
		}
		return nil
	})
	g.Go(func() error { return e.serve(ctx, doors, recorder) })
	if err := parent.Ready(); err != nil {
		logger.Warn("readiness", "err", err)
	}
	g.Go(func() error {
		ask := func(ctx context.Context) error {
			if err := loop.Ask(ctx); err != nil {
				return err
			}
			return e.ask(ctx)
		}
		report(ctx, parent, ask, logger)
		return nil
	})
	return g.Wait()
}

// idle serves nobody until ctx ends.
func idle(ctx context.Context, parent heartbeat.Parent, loop heartbeat.Loop, logger *slog.Logger) error {
	var beside sync.WaitGroup
	defer beside.Wait()
	beside.Go(func() { report(ctx, parent, loop.Ask, logger) })
	if err := parent.Ready(); err != nil {
		logger.Warn("readiness", "err", err)
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-loop:
		}
	}
}

func report(ctx context.Context, parent heartbeat.Parent, ask func(context.Context) error, logger *slog.Logger) {
	if err := parent.Report(ctx, ask); err != nil {
		logger.Warn("liveness", "err", err)
	}
}

// door is where one UPS is served.
type door struct{ ups, addr string }

// ports gives each UPS a port on every address: the configured one to the first, the ones after it to the others. An address of port 0 gives
// each any port.
func ports(cfg *config.Config, logger *slog.Logger) (list []door, err error) {
	names := cfg.NIS.UPS
	if len(names) == 0 {
		names = []string{defaultUPS}
		if len(cfg.UPS) > 0 {
			names[0] = cfg.UPS[0].Name
		}
	}
	addrs := cfg.NIS.Listen
	if len(addrs) == 0 {
		addrs = []string{config.DefaultNISListen}
	}
	for _, addr := range addrs {
		host, port, err := net.SplitHostPort(addr)
		if err != nil {
			return nil, err
		}
		first, err := strconv.Atoi(port)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", addr, err)
		}
		for i, name := range names {
			next := first
			if first != 0 {
				next += i
			}
			if next > math.MaxUint16 {
				logger.Warn("no port is left", "ups", name, "listen", addr)
				break
			}
			list = append(list, door{name, net.JoinHostPort(host, strconv.Itoa(next))})
		}
	}
	return list, nil
}

// entrance is the addresses that clients come in by, each served as soon as it can be bound and its UPS was read once. Before that a client is
// refused: an apcupsd that is a slave takes from the first answer, even from none on an open connection, which values there are, and one that
// saw the UPS on battery before would take an answer without that for the mains.
type entrance struct {
	logger  *slog.Logger
	tighten func(duty string) error // called once no socket is to be made any more
	open    *reach.Teller

	missing atomic.Int32 // addresses that are not served yet
	mu      sync.Mutex
	served  []*listen.Askable
}

func (e *entrance) serve(ctx context.Context, doors []door, r *recorder) error {
	g, ctx := errgroup.WithContext(ctx)
	e.missing.Store(int32(len(doors)))
	connections := new(nis.Door)
	for _, d := range doors {
		e.logger.Info("served once it was read", "ups", d.ups, "addr", d.addr)
		unit, logger := r.units[d.ups], e.logger.With("ups", d.ups)
		g.Go(func() error {
			select {
			case <-unit.read:
			case <-ctx.Done():
				return nil
			}
			ln, err := listen.TCP(ctx, d.addr)
			if err != nil {
				logger.Warn("address cannot be served, trying again", "err", err)
				ln = listen.Later(ctx, d.addr)
			}
			return e.admit(ctx, ln, d.ups, &nis.Server{From: unit, Door: connections, Logger: logger})
		})
	}
	return g.Wait()
}

// admit serves a UPS to the clients of ln, to nobody if it is nil.
func (e *entrance) admit(ctx context.Context, ln *net.TCPListener, ups string, server *nis.Server) error {
	if ln == nil {
		return nil
	}
	defer ln.Close()
	if e.missing.Add(-1) == 0 {
		if err := e.tighten("nisd.serving"); err != nil {
			return err
		}
	}
	server.Logger.Info("listening", "addr", ln.Addr())
	defer e.open.Open(ups, ln.Addr())()
	a := listen.NewAskable(ln)
	e.mu.Lock()
	e.served = append(e.served, a)
	e.mu.Unlock()
	return server.Serve(ctx, a)
}

// ask returns nil when every accept loop has turned.
func (e *entrance) ask(ctx context.Context) error {
	e.mu.Lock()
	served := append([]*listen.Askable(nil), e.served...)
	e.mu.Unlock()
	for _, ln := range served {
		if err := ln.Ask(ctx); err != nil {
			return err
		}
	}
	return nil
}
