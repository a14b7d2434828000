package main

import (
	"context"
	"log/slog"
	"net/netip"
	"strings"
	"sync"

	"github.com/upscard/upscard/services/driversock"
	"github.com/upscard/upscard/services/feeds"
	"github.com/upscard/upscard/services/reach"
	"github.com/upscard/upscard/services/ups"
)

// watcher follows what the card's programs tell.
type watcher struct {
	upsd     *feeds.Feeds
	programs map[string]*feeds.Feeds // the others of the table
	changed  chan struct{}           // capacity 1
}

func newWatcher(opts options, logger *slog.Logger) *watcher {
	w := &watcher{upsd: feeds.New(driversock.Dir(opts.Run), opts.trust, logger), programs: make(map[string]*feeds.Feeds), changed: make(chan struct{}, 1)}
	for _, r := range table() {
		if r.program != upsd {
			w.programs[r.program] = feeds.New(reach.Dir(opts.Run, r.program), driversock.Trust{}, logger.With("program", r.program)) // the directory is its own
		}
	}
	return w
}

// run follows until ctx ends. It sends to changed when there may be news.
func (w *watcher) run(ctx context.Context) {
	var following sync.WaitGroup
	defer following.Wait()
	follow := func(f *feeds.Feeds) {
		following.Go(func() { f.Run(ctx) })
		following.Go(func() { w.ring(ctx, f.Changed()) })
	}
	follow(w.upsd)
	for _, f := range w.programs {
		follow(f)
	}
}

func (w *watcher) ring(ctx context.Context, changed <-chan struct{}) {
	for {
		select {
		case <-changed:
		case <-ctx.Done():
			return
		}
		select {
		case w.changed <- struct{}{}:
		default:
		}
	}
}

// look takes what the table needs. A feed of upsd's that cannot be heard tells nothing: its upsd has ended.
func (w *watcher) look() world {
	now := world{listening: make(map[string]map[string][]netip.AddrPort)}
	for _, name := range w.upsd.Names() {
		snap := w.upsd.Get(name)
		if snap.Freshness() == ups.Absent {
			continue
		}
		now.upses = append(now.upses, unit{name, snap.Value("server.description"), model(snap)})
		now.version = snap.Value("server.version")
		now.listening[upsd] = map[string][]netip.AddrPort{"": reach.Parse(snap.Value("server.listening"))}
	}
	for program, f := range w.programs {
		now.listening[program] = reach.Listening(f)
	}
	return now
}

func model(snap *ups.Snapshot) string {
	vendor, model := strings.TrimSpace(snap.Value("ups.mfr")), strings.TrimSpace(snap.Value("ups.model"))
	if strings.HasPrefix(model, vendor) {
		return model
	}
	return strings.TrimSpace(vendor + " " + model)
}
