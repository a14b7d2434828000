package main

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/fsnotify/fsnotify"
	"github.com/upscard/upscard/services/driversock"
	"github.com/upscard/upscard/services/monitor"
	"github.com/upscard/upscard/services/ups"
)

// maxFeeds bounds the UPSes; upsd has no more.
const maxFeeds = 64

const feedPrefix = "feed-"

// feeds follows upsd's feeds, one for each UPS, as they appear in a directory.
type feeds struct {
	dir     string
	trust   driversock.Trust
	grace   time.Duration // how long a UPS may be silent before it counts as lost
	logger  *slog.Logger
	changed chan struct{} // capacity 1
	began   time.Time

	mu    sync.Mutex
	known map[string]*feed
}

// feed is what is known of one UPS.
type feed struct {
	store *ups.Store
	wake  chan struct{}
	good  monitor.Reading // the last one that was OK
	lost  time.Time       // since when it is not; zero: it is
}

func newFeeds(dir string, trust driversock.Trust, grace time.Duration, logger *slog.Logger) *feeds {
	return &feeds{dir: dir, trust: trust, grace: grace, logger: logger, changed: make(chan struct{}, 1), began: time.Now(), known: make(map[string]*feed)}
}

// find lists the UPSes whose feeds have been seen, those included that are there now.
func (f *feeds) find() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	names := make([]string, 0, len(f.known))
	for name := range f.known {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// run follows each feed that is there or appears, until ctx ends.
func (f *feeds) run(ctx context.Context) {
	var following sync.WaitGroup
	defer following.Wait()
	for ctx.Err() == nil {
		if err := f.watch(ctx, &following); err != nil {
			f.logger.Warn("feeds are not watched", "err", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(time.Second): // the directory is not there yet, or no longer
		}
	}
}

func (f *feeds) watch(ctx context.Context, following *sync.WaitGroup) error {
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
			if name, ok := strings.CutPrefix(e.Name(), feedPrefix); ok && name != "" {
				f.appeared(ctx, name, following)
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case ev := <-w.Events:
			if name, ok := strings.CutPrefix(filepath.Base(ev.Name), feedPrefix); ok && ev.Has(fsnotify.Create) {
				f.wake(name)
			}
		case err := <-w.Errors:
			return err
		}
	}
}

// appeared follows a feed that is not followed yet.
func (f *feeds) appeared(ctx context.Context, name string, following *sync.WaitGroup) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.known[name] != nil || len(f.known) >= maxFeeds {
		return
	}
	it := &feed{store: ups.NewStore(), wake: make(chan struct{}, 1)}
	f.known[name] = it
	path := filepath.Join(f.dir, feedPrefix+name)
	following.Go(func() {
		opts := driversock.FollowOptions{Logger: f.logger.With("ups", name), Trust: f.trust, Wake: it.wake}
		if err := driversock.Follow(ctx, path, it.store, opts); err != nil {
			f.logger.Error("feed no longer followed", "ups", name, "err", err)
		}
	})
	following.Go(func() {
		for snap := it.store.Get(); ; {
			next, err := it.store.Wait(ctx, snap)
			if err != nil {
				return
			}
			snap = next
			f.ring()
		}
	})
	f.ring()
}

func (f *feeds) wake(name string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if it := f.known[name]; it != nil {
		select {
		case it.wake <- struct{}{}:
		default:
		}
	}
}

func (f *feeds) ring() {
	select {
	case f.changed <- struct{}{}:
	default:
	}
}

// readings is what is known of the UPSes now. One that cannot be read is not lost at once: a driver or upsd may be starting again. One that
// has not been read yet is not there, until it has had its time.
func (f *feeds) readings(list []monitor.UPS, now time.Time) map[string]monitor.Reading {
	f.mu.Lock()
	defer f.mu.Unlock()
	all := make(map[string]monitor.Reading)
	for _, u := range list {
		it := f.known[u.Name]
		if it == nil {
			if now.Sub(f.began) >= startTime {
				all[u.Name] = monitor.Reading{Logins: -1}
			}
			continue
		}
		if r, known := it.reading(now, f.grace, now.Sub(f.began) >= startTime); known {
			all[u.Name] = r
		}
	}
	return all
}

// startTime is how long drivers and upsd may take to be read for the first time, as upsd has it.
const startTime = 10 * time.Second

func (it *feed) reading(now time.Time, grace time.Duration, started bool) (monitor.Reading, bool) {
	r := newReading(it.store.Get())
	if r.OK {
		it.good, it.lost = r, time.Time{}
		return r, true
	}
	if it.lost.IsZero() {
		it.lost = now
	}
	if !it.good.OK {
		return r, started
	}
	if now.Sub(it.lost) >= grace {
		return r, true
	}
	held := it.good
	held.Server, held.Logins, held.FSD = r.Server, r.Logins, r.FSD
	return held, true
}

// newReading takes from a feed's snapshot what the policy needs.
func newReading(snap *ups.Snapshot) monitor.Reading {
	r := monitor.Reading{
		OK: snap.Freshness() == ups.Fresh, Status: snap.Value("ups.status"), Alarm: snap.Value("ups.alarm"), Mode: snap.Value("ups.mode.buzzwords"),
		At: snap.Read(), Charge: number(snap, "battery.charge"), Runtime: seconds(snap, "battery.runtime"), Logins: -1,
		Server: snap.Value("server.started"), FSD: snap.Value("server.fsd") == "yes", Timer: timer(snap), Delay: max(seconds(snap, "ups.delay.shutdown"), 0), Commands: snap.Commands(),
	}
	if n, err := strconv.Atoi(snap.Value("server.numlogins")); err == nil && n >= 0 {
		r.Logins = n
	}
	return r
}

// number is -1 where there is none.
func number(snap *ups.Snapshot, name string) float64 {
	x, err := strconv.ParseFloat(snap.Value(name), 64)
	if err != nil || !(x >= 0) {
		return -1
	}
	return x
}

func seconds(snap *ups.Snapshot, name string) time.Duration {
	x := number(snap, name)
	if x < 0 || x > 1e9 {
		return -time.Second
	}
	return time.Duration(x * float64(time.Second))
}

// timer tells whether a timer of the load runs. While none does, they are 0 or negative.
func timer(snap *ups.Snapshot) monitor.Timer {
	known := monitor.TimerUnknown
	for _, name := range []string{"ups.timer.shutdown", "ups.timer.reboot", "ups.timer.start"} {
		if _, there := snap.Var(name); !there {
			continue
		}
		if number(snap, name) > 0 {
			return monitor.TimerRuns
		}
		if name != "ups.timer.start" {
			known = monitor.TimerIdle
		}
	}
	return known
}
