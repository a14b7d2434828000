package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/upscard/upscard/services/nut"
	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"
)

// The pause between two tries to bind an address doubles from the first to the longest.
const (
	firstPause   = 100 * time.Millisecond
	longestPause = 30 * time.Second
)

// entrance is the addresses that clients come in by, each served as soon as it can be bound.
type entrance struct {
	server  *nut.Server
	logger  *slog.Logger
	tighten func(duty string) error // called once no socket is to be made any more
	opened  chan struct{}           // closed when every address was tried and one is served
	open    func()

	missing atomic.Int32 // addresses that are not served yet
	mu      sync.Mutex
	served  []askable
}

func newEntrance(server *nut.Server, logger *slog.Logger, tighten func(duty string) error) *entrance {
	opened := make(chan struct{})
	return &entrance{server: server, logger: logger, tighten: tighten, opened: opened,
		open: sync.OnceFunc(func() { close(opened) })}
}

// serve returns once ctx has ended and every listener is closed.
func (e *entrance) serve(ctx context.Context, addrs []string) error {
	g, ctx := errgroup.WithContext(ctx)
	e.missing.Store(int32(len(addrs)))
	var all []func() error
	for _, addr := range addrs {
		ln, err := bind(ctx, addr)
		if err != nil {
			e.logger.Warn("address cannot be served, trying again", "err", err)
		}
		all = append(all, func() error {
			if ln == nil {
				ln = bindLater(ctx, addr)
			}
			return e.admit(ctx, ln)
		})
	}
	for _, f := range all {
		g.Go(f)
	}
	return g.Wait()
}

// admit serves the clients of ln, nobody if it is nil.
func (e *entrance) admit(ctx context.Context, ln *net.TCPListener) error {
	if ln == nil {
		return nil
	}
	defer ln.Close()
	if e.missing.Add(-1) == 0 {
		if err := e.tighten("upsd.serving"); err != nil {
			return err
		}
	}
	e.logger.Info("listening", "addr", ln.Addr())
	a := newAskable(ln)
	e.mu.Lock()
	e.served = append(e.served, a)
	e.mu.Unlock()
	e.open()
	return e.server.Serve(ctx, a)
}

// listeners are those that are served by now.
func (e *entrance) listeners() []askable {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.served)
}

// bindLater tries until addr can be bound. It returns nil when ctx ends first.
func bindLater(ctx context.Context, addr string) *net.TCPListener {
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
		if ln, err := bind(ctx, addr); err == nil {
			return ln
		}
	}
}

func bind(ctx context.Context, addr string) (*net.TCPListener, error) {
	lc := net.ListenConfig{Control: freebind}
	ln, err := lc.Listen(ctx, network(addr), addr)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", addr, err)
	}
	return ln.(*net.TCPListener), nil
}

// network keeps an address to its own family, so that both wildcards can be listed side by side. No host at all means both families.
func network(addr string) string {
	ap, err := netip.ParseAddrPort(addr)
	switch {
	case err != nil: // no host, or a name
		return "tcp"
	case ap.Addr().Unmap().Is4():
		return "tcp4"
	}
	return "tcp6"
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
