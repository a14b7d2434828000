package main

import (
	"context"
	"errors"
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
	feeds   *nut.Registry // on which it is told what is served
	logger  *slog.Logger
	tighten func(duty string) error // called once no socket is to be made any more
	opened  chan struct{}           // closed when every address was tried and one is served
	open    func()

	missing atomic.Int32 // addresses that are not served yet
	mu      sync.Mutex
	served  []askable
}

func newEntrance(server *nut.Server, feeds *nut.Registry, logger *slog.Logger, tighten func(duty string) error) *entrance {
	opened := make(chan struct{})
	return &entrance{server: server, feeds: feeds, logger: logger, tighten: tighten, opened: opened,
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
	e.feeds.Tell("server.listening", reachedBy(e.served))
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

// reachedBy are the addresses that clients come in by, in order, with blanks in between.
func reachedBy(all []askable) string {
	list := make([]string, len(all))
	for i, a := range all {
		list[i] = a.Addr().String()
	}
	slices.Sort(list)
	return strings.Join(list, " ")
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
	lc := net.ListenConfig{Control: prepare, KeepAlive: -1} // prepare sets what connections inherit: four system calls less for each
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

// A client that vanishes without a word, as one whose cable is pulled, is logged out within 25 s: a primary that waits for it would lose
// the time to shut down. A shorter patience would drop clients for a moment without a network.
const (
	keepAliveIdle     = 10 * time.Second
	keepAliveInterval = 3 * time.Second
	keepAliveCount    = 3
)

// unacknowledged is how long what a client was sent may stay unacknowledged. With it the probes are not counted: the
// first after this time ends the connection.
const unacknowledged = 20 * time.Second

// prepare lets a socket have an address that the machine gets later, and its connections know that their client is gone and take a bounded
// part of the system's memory.
func prepare(network, _ string, conn syscall.RawConn) error {
	level, option := unix.SOL_IP, unix.IP_FREEBIND
	if strings.HasSuffix(network, "6") {
		level, option = unix.SOL_IPV6, unix.IPV6_FREEBIND
	}
	var err error
	e := conn.Control(func(fd uintptr) {
		for _, o := range []struct{ level, option, value int }{
			{level, option, 1},
			{unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1},
			{unix.SOL_TCP, unix.TCP_KEEPIDLE, int(keepAliveIdle.Seconds())},
			{unix.SOL_TCP, unix.TCP_KEEPINTVL, int(keepAliveInterval.Seconds())},
			{unix.SOL_TCP, unix.TCP_KEEPCNT, keepAliveCount},
			{unix.SOL_TCP, unix.TCP_USER_TIMEOUT, int(unacknowledged.Milliseconds())},
			{unix.SOL_SOCKET, unix.SO_SNDBUF, unsentOfSocket},
			{unix.SOL_SOCKET, unix.SO_RCVBUF, unreadOfSocket},
		} {
			err = errors.Join(err, unix.SetsockoptInt(int(fd), o.level, o.option, o.value))
		}
	})
	return errors.Join(e, err)
}
