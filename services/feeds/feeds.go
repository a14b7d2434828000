// Package feeds follows the UPSes that upsd shows to the card's other programs.
package feeds

import (
	"context"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/fsnotify/fsnotify"
	"github.com/upscard/upscard/services/driversock"
	"github.com/upscard/upscard/services/ups"
)

// Max bounds the UPSes; upsd has no more.
const Max = 64

// Prefix begins the name of a feed's socket.
const Prefix = "feed-"

// Feeds follows upsd's feeds, one for each UPS, as they appear in a directory. One that has appeared stays known.
type Feeds struct {
	dir     string
	trust   driversock.Trust
	logger  *slog.Logger
	changed chan struct{} // capacity 1

	mu    sync.Mutex
	known map[string]*feed
}

type feed struct {
	store *ups.Store
	wake  chan struct{}
}

// New follows nothing until Run is called.
func New(dir string, trust driversock.Trust, logger *slog.Logger) *Feeds {
	return &Feeds{dir: dir, trust: trust, logger: logger, changed: make(chan struct{}, 1), known: make(map[string]*feed)}
}

// Changed is sent to after a UPS has appeared or has a new snapshot; several changes may be told as one.
func (f *Feeds) Changed() <-chan struct{} { return f.changed }

// Names lists the UPSes whose feeds have been seen, in order.
func (f *Feeds) Names() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Sorted(maps.Keys(f.known))
}

// Get returns the newest snapshot of a UPS, nil if its feed was never seen. It is Absent while upsd cannot be heard.
func (f *Feeds) Get(name string) *ups.Snapshot {
	f.mu.Lock()
	defer f.mu.Unlock()
	if it := f.known[name]; it != nil {
		return it.store.Get()
	}
	return nil
}

// Run follows each feed that is there or appears, until ctx ends.
func (f *Feeds) Run(ctx context.Context) {
	var following sync.WaitGroup
	defer following.Wait()
	said := ""
	for ctx.Err() == nil {
		if err := f.watch(ctx, &following); err != nil && err.Error() != said {
			said = err.Error()
			f.logger.Warn("feeds are not watched", "err", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(time.Second): // the directory is not there yet, or no longer
		}
	}
}

func (f *Feeds) watch(ctx context.Context, following *sync.WaitGroup) error {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return err
	}
	defer w.Close()
	if err := w.Add(f.dir); err != nil {
		return err
	}
	for {
		entries, err := os.ReadDir(f.dir) // all of it each time: events may be lost, and there are few files
		if err != nil {
			return err
		}
		for _, e := range entries {
			if name, ok := strings.CutPrefix(e.Name(), Prefix); ok && name != "" {
				f.appeared(ctx, name, following)
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case ev := <-w.Events:
			if name, ok := strings.CutPrefix(filepath.Base(ev.Name), Prefix); ok && ev.Has(fsnotify.Create) {
				f.wake(name)
			}
		case err := <-w.Errors:
			return err
		}
	}
}

// appeared follows a feed that is not followed yet.
func (f *Feeds) appeared(ctx context.Context, name string, following *sync.WaitGroup) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.known[name] != nil || len(f.known) >= Max {
		return
	}
	it := &feed{store: ups.NewStore(), wake: make(chan struct{}, 1)}
	f.known[name] = it
	path := filepath.Join(f.dir, Prefix+name)
	seen := it.store.Get() // before it is followed: what comes first is not missed
	following.Go(func() {
		opts := driversock.FollowOptions{Logger: f.logger.With("ups", name), Trust: f.trust, Wake: it.wake}
		if err := driversock.Follow(ctx, path, it.store, opts); err != nil {
			f.logger.Error("feed no longer followed", "ups", name, "err", err)
		}
	})
	following.Go(func() {
		for {
			next, err := it.store.Wait(ctx, seen)
			if err != nil {
				return
			}
			seen = next
			f.ring()
		}
	})
	f.ring()
}

func (f *Feeds) wake(name string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if it := f.known[name]; it != nil {
		select {
		case it.wake <- struct{}{}:
		default:
		}
	}
}

func (f *Feeds) ring() {
	select {
	case f.changed <- struct{}{}:
	default:
	}
}
