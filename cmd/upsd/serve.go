package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"strings"
	"syscall"

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
	addrs := cfg.Listen
	if len(opts.listen) > 0 {
		addrs = opts.listen
	}
	dir := driversock.Dir(opts.run)
	if err := os.MkdirAll(dir, 0o770); err != nil {
		return err
	}
	listeners, err := listen(ctx, addrs)
	if err != nil {
		return err
	}
	if err := tighten("upsd.serving"); err != nil {
		return err
	}
	host := newHost(cfg, logger)
	server := nut.NewServer(host, maxConns())
	g, ctx := errgroup.WithContext(ctx)
	for _, ln := range listeners {
		logger.Info("listening", "addr", ln.Addr())
		g.Go(func() error { return server.Serve(ctx, ln) })
	}
	g.Go(func() error { return follow(ctx, dir, opts.trust, host.Registry, logger) })
	parent := heartbeat.To(opts.ready)
	if err := parent.Ready(); err != nil {
		logger.Warn("readiness", "err", err)
	}
	g.Go(func() error {
		if err := parent.Report(ctx, askAll(listeners, host)); err != nil {
			logger.Warn("liveness", "err", err)
		}
		return nil
	})
	return g.Wait()
}

// newHost offers the configured UPSes, or one by the default name.
func newHost(cfg *config.Config, logger *slog.Logger) *nut.Host {
	registry := new(nut.Registry)
	for _, u := range cfg.UPS {
		registry.Add(u.Name, u.Desc)
	}
	if len(cfg.UPS) == 0 {
		registry.Add(defaultUPS, "")
	}
	users := make([]nut.User, 0, len(cfg.Users))
	for _, u := range cfg.Users {
		users = append(users, nut.User{Name: u.Name, Password: u.Password, Monitor: u.Upsmon != ""})
	}
	return &nut.Host{Registry: registry, Users: nut.NewUsers(users), Version: version, Logger: logger}
}

// maxConns leaves file descriptors for drivers, listeners and the like.
func maxConns() int {
	var files unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &files); err != nil {
		return nut.MaxConns
	}
	const others = maxUPS + 32
	return int(min(nut.MaxConns, max(files.Cur, others+1)-others))
}

// listen binds every address or none.
func listen(ctx context.Context, addrs []string) ([]askable, error) {
	lc := net.ListenConfig{Control: freebind}
	var listeners []askable
	for _, addr := range addrs {
		ln, err := lc.Listen(ctx, network(addr), addr)
		if err != nil {
			for _, ln := range listeners {
				ln.Close()
			}
			return nil, fmt.Errorf("listen on %s: %w", addr, err)
		}
		listeners = append(listeners, newAskable(ln.(*net.TCPListener)))
	}
	return listeners, nil
}

// network keeps an address to its own IP version: to Go, "tcp" makes 0.0.0.0 an address of both, and [::] beside it one too many.
func network(addr string) string {
	host, err := netip.ParseAddrPort(addr)
	switch {
	case err != nil: // no host, or a name
		return "tcp"
	case host.Addr().Is4():
		return "tcp4"
	default:
		return "tcp6"
	}
}

// freebind lets a socket have an address that the machine gets later.
func freebind(network, _ string, conn syscall.RawConn) error {
	level, option := unix.SOL_IP, unix.IP_FREEBIND
	if strings.HasSuffix(network, "6") {
		level, option = unix.SOL_IPV6, unix.IPV6_FREEBIND
	}
	var err error
	if e := conn.Control(func(fd uintptr) { err = unix.SetsockoptInt(int(fd), level, option, 1) }); e != nil {
		return e
	}
	return err
}
