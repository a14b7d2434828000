package netconf

import (
	"context"
	"log/slog"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// Options are what Run needs.
type Options struct {
	Plans    []Plan       // in order of preference
	DNS      []netip.Addr // name servers that are asked before those of DHCP
	Hostname string       // sent to DHCP servers; "": none
	Sysfs    string       // "/sys"
	Proc     string       // "/proc"
	Dir      string       // where resolv.conf is written
	Logger   *slog.Logger

	Timeout  time.Duration // for the first answer of an exchange; 500 ms when 0
	Shortest time.Duration // lease; a shorter one is stretched to it; 10 s when 0

	Asked      <-chan struct{} // is received from while Run waits, as a sign that it turns; may be nil
	Configured func()          // called each time an address was set, from any goroutine; at once when there is none to wait for
}

// Run keeps all interfaces as planned until ctx ends; the addresses then stay, those of DHCP for the rest of their lease. It does not end
// because there is no interface, carrier or server.
func Run(ctx context.Context, o Options) error {
	if o.Timeout == 0 {
		o.Timeout = 500 * time.Millisecond
	}
	if o.Shortest == 0 {
		o.Shortest = shortestDuration
	}
	sys := kernel{proc: o.Proc}
	w := newWatcher(o.Plans, o.Sysfs, sys.up)
	dhcp := client{hostname: o.Hostname, timeout: o.Timeout, tries: 4, shortest: o.Shortest}
	m := manager{watcher: w, running: make(map[key]*running), asked: o.Asked,
		runner: runner{system: sys, exchange: dhcp.exchange, logger: o.Logger, resolver: &resolver{dir: o.Dir, fixed: o.DNS}, configured: o.Configured}}
	if err := m.runner.resolver.set(0, Lease{}); err != nil {
		o.Logger.Error("names cannot be resolved", "err", err)
	}
	if !slices.ContainsFunc(o.Plans, Plan.patient) {
		o.Configured()
	}
	var watching sync.WaitGroup
	watching.Go(func() { keepWatching(ctx, w, o.Logger) })
	defer watching.Wait()
	m.run(ctx)
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
