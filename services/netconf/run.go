package netconf

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// Options are what a Client is made of.
type Options struct {
	Interface string // "": the first wired one
	Hostname  string // sent to the server; "": none
	Sysfs     string // "/sys"
	Proc      string // "/proc"
	Dir       string // where resolv.conf is written
	Logger    *slog.Logger

	Timeout  time.Duration // for the first answer of an exchange; 500 ms when 0
	Shortest time.Duration // lease; a shorter one is stretched to it; 10 s when 0

	Configured func() // called each time an address was set
}

// Run keeps an interface configured until ctx ends; the address then stays for the rest of its lease. It does not end because there is no
// interface, carrier or server.
func Run(ctx context.Context, o Options) error {
	if o.Timeout == 0 {
		o.Timeout = 500 * time.Millisecond
	}
	if o.Shortest == 0 {
		o.Shortest = shortestDuration
	}
	sys := kernel{proc: o.Proc}
	w := newWatcher(o.Interface, o.Sysfs, sys.up)
	dhcp := client{hostname: o.Hostname, timeout: o.Timeout, tries: 4, shortest: o.Shortest}
	r := &runner{links: w, system: sys, exchange: dhcp.exchange, logger: o.Logger, dir: o.Dir, configured: o.Configured}
	var watching sync.WaitGroup
	watching.Go(func() { keepWatching(ctx, w, o.Logger) })
	defer watching.Wait()
	for ctx.Err() == nil {
		r.serve(ctx)
	}
	return nil
}

// keepWatching runs the watcher again after it failed, until ctx ends. The same failure is said once.
func keepWatching(ctx context.Context, w *watcher, logger *slog.Logger) {
	said := ""
	for ctx.Err() == nil {
		if err := w.run(ctx); err != nil && err.Error() != said {
			said = err.Error()
			logger.Warn("interfaces are read again", "err", err)
		}
		sleep(ctx, time.Second)
	}
}

// links names the interface to use; the channel is closed when it is another one or is in another state.
type links interface {
	current() (Link, <-chan struct{})
}

// system configures the interface.
type system interface {
	setAddress(Link, Lease, time.Time) error
	setRoutes(Link, Lease) error
	clear(Link) error
}

var (
	_ links  = (*watcher)(nil)
	_ system = kernel{}
)

type runner struct {
	links      links
	system     system
	exchange   exchange
	logger     *slog.Logger
	dir        string
	configured func()
}

// serve configures one interface until there is another one to use, or ctx ends.
func (r *runner) serve(ctx context.Context) {
	link, changed := r.links.current()
	if link.Index == 0 {
		wait(ctx, changed, time.Time{})
		return
	}
	logger := r.logger.With("interface", link.Name)
	index := link.Index
	s := &session{runner: r, logger: logger, link: Link{Carrier: !link.Carrier, Losses: link.Losses}}
	for ctx.Err() == nil {
		link, changed = r.links.current()
		if link.Index != index {
			s.leave(link)
			return
		}
		s.look(link)
		s.step(ctx, changed)
	}
}

// wait returns when ctx ends, changed is closed, or at the time, which is never when zero.
func wait(ctx context.Context, changed <-chan struct{}, until time.Time) {
	var alarm <-chan time.Time
	if !until.IsZero() {
		alarm = time.After(time.Until(until))
	}
	select {
	case <-ctx.Done():
	case <-changed:
	case <-alarm:
	}
}

func sleep(ctx context.Context, d time.Duration) { wait(ctx, nil, time.Now().Add(d)) }

// writeResolvConf replaces resolv.conf in one step.
func writeResolvConf(dir, text string) error {
	path := filepath.Join(dir, "resolv.conf")
	err := os.WriteFile(path+".new", []byte(text), 0o644)
	if err = errors.Join(err, os.Rename(path+".new", path)); err != nil {
		return fmt.Errorf("resolv.conf: %w", err)
	}
	return nil
}
