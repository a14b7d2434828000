package main

import (
	"context"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"

	"github.com/upscard/upscard/services/listen"
	"github.com/upscard/upscard/services/nut"
)

// entrance is the addresses that clients come in by, each served as soon as it can be bound.
type entrance struct {
	server  *nut.Server
	feeds   *nut.Registry // on which it is told what is served
	logger  *slog.Logger
	tighten func(duty string) error // called once no socket is to be made any more
	opened  chan struct{}           // closed when every address was tried and one is served
	open    func()

	mu     sync.Mutex
	served []net.Addr
}

func newEntrance(server *nut.Server, feeds *nut.Registry, logger *slog.Logger, tighten func(duty string) error) *entrance {
	opened := make(chan struct{})
	return &entrance{server: server, feeds: feeds, logger: logger, tighten: tighten, opened: opened,
		open: sync.OnceFunc(func() { close(opened) })}
}

// serve returns once ctx has ended and every listener is closed.
func (e *entrance) serve(ctx context.Context, addrs []string) error {
	return listen.Each(ctx, addrs, e.logger, func() error { return e.tighten("upsd.serving") }, e.admit)
}

// admit serves the clients of ln.
func (e *entrance) admit(ctx context.Context, ln *net.TCPListener) error {
	e.mu.Lock()
	e.served = append(e.served, ln.Addr())
	e.feeds.Tell("server.listening", reachedBy(e.served))
	e.mu.Unlock()
	e.open()
	return e.server.Serve(ctx, ln)
}

// reachedBy are the addresses that clients come in by, in order, with blanks in between.
func reachedBy(all []net.Addr) string {
	list := make([]string, len(all))
	for i, addr := range all {
		list[i] = addr.String()
	}
	slices.Sort(list)
	return strings.Join(list, " ")
}
