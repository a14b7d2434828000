package main

import (
	"cmp"
	"context"
	"encoding/json"
	"log/slog"
	"sync"
	"time"

	"github.com/upscard/upscard/services/config"
	"github.com/upscard/upscard/services/feeds"
	"github.com/upscard/upscard/services/heartbeat"
	"github.com/upscard/upscard/services/nis"
	"github.com/upscard/upscard/services/storage"
	"github.com/upscard/upscard/services/ups"
)

// maxFile bounds the histories on the disk, in bytes: 64 UPSes with 50 events each.
const maxFile = 1 << 20

// saveEvery is how often an outage that goes on is saved: whether the card itself ended in it is then known as exactly.
const saveEvery = time.Minute

// saveAtLeast is how often the rest is: extremes that are no events. What has not changed is not written.
const saveAtLeast = time.Hour

// recorder keeps what clients are told of each UPS that is served.
type recorder struct {
	feeds  *feeds.Feeds
	units  map[string]*unit
	others map[string]nis.History // of UPSes that are not served any more
	file   *storage.File          // nil: nothing is kept
	logger *slog.Logger
	saves  chan []byte // capacity 1: what is still to be saved
}

// unit is one UPS.
type unit struct {
	name, host string
	limits     nis.Limits
	old        bool
	read       chan struct{} // closed once it was read
	begin      func()        // closes read

	mu      sync.Mutex
	shown   *ups.Snapshot
	history nis.History
	made    []string  // the answer of this second, nil if it has to be made
	second  time.Time // without its parts
}

func newRecorder(cfg *config.Config, f *feeds.Feeds, doors []door, host, state string, logger *slog.Logger) (*recorder, error) {
	r := &recorder{feeds: f, units: make(map[string]*unit), logger: logger, saves: make(chan []byte, 1)}
	kept, err := r.load(state)
	if err != nil {
		return nil, err
	}
	r.others = kept
	for _, d := range doors {
		if r.units[d.ups] == nil {
			read := make(chan struct{})
			r.units[d.ups] = &unit{read: read, begin: sync.OnceFunc(func() { close(read) }), name: d.ups, host: host, limits: limits(cfg.Monitor), old: cfg.NIS.Format == config.NISOld,
				shown: ups.NewStore().Get(), history: kept[d.ups].With(time.Now(), "apcupsd "+version+" startup succeeded")}
		}
	}
	return r, nil
}

// limits are those of the forced shutdown.
func limits(m config.Monitor) (l nis.Limits) {
	if m.Charge != nil {
		l.Charge = *m.Charge
	}
	if m.Runtime != nil {
		l.Runtime = time.Duration(*m.Runtime) * time.Second
	}
	if m.OnBattery != nil {
		l.OnBattery = time.Duration(*m.OnBattery) * time.Second
	}
	return l
}

// load reads what was kept. Without a directory nothing is, which is said.
func (r *recorder) load(state string) (map[string]nis.History, error) {
	if state == "" {
		r.logger.Warn("there is no directory for the history: a restart forgets it")
		return nil, nil
	}
	dir, err := storage.Open(state)
	if err != nil {
		return nil, err
	}
	if r.file, err = dir.File("history", maxFile, 0o600); err != nil {
		return nil, err
	}
	kept, reading, err := storage.Load(r.file, func(data []byte) (h map[string]nis.History, err error) { return h, json.Unmarshal(data, &h) })
	if err := cmp.Or(err, reading.Reason); err != nil {
		r.logger.Error("history damaged", "read", reading.Version, "err", err)
	}
	return kept, nil
}

// run looks at the UPSes whenever there may be news, until ctx ends.
func (r *recorder) run(ctx context.Context, loop heartbeat.Loop) {
	var saving sync.WaitGroup
	defer saving.Wait()
	defer close(r.saves)
	saving.Go(r.save)
	var saved time.Time
	start := time.Now()
	clock := newClock(start)
	for {
		now := time.Now()
		if from, by := clock.set(now, now.Sub(start)); by != 0 {
			r.shift(from, by)
		}
		changed, wake := r.look(now)
		if since := now.Sub(saved); changed || since >= saveAtLeast || since >= saveEvery && r.onBattery() {
			saved = now
			r.keep()
		}
		timer := time.NewTimer(wake)
		select {
		case <-ctx.Done():
			timer.Stop()
			r.keep()
			return
		case <-r.feeds.Changed():
		case <-timer.C:
		case <-loop:
		}
		timer.Stop()
	}
}

// look takes the newest snapshots. It tells whether an event came, and how long nothing has to be done by itself.
func (r *recorder) look(now time.Time) (changed bool, wake time.Duration) {
	wake = saveEvery
	for name, u := range r.units {
		snap := r.feeds.Get(name)
		if snap == nil {
			snap = ups.NewStore().Get()
		}
		u.mu.Lock()
		before := u.history
		u.shown = nis.Hold(u.shown, snap)
		u.history = before.Observe(u.shown, now)
		u.made = nil
		changed = changed || !sameEvents(before.Events, u.history.Events)
		if u.shown.Freshness() == ups.Fresh {
			u.begin()
		}
		if at := u.history.Wake(); at.After(now) { // what is due and not done waits for a reading
			wake = min(wake, at.Sub(now))
		}
		u.mu.Unlock()
	}
	return changed, wake
}

func (r *recorder) shift(from time.Time, by time.Duration) {
	r.logger.Info("the clock was set", "by", by)
	for _, u := range r.units {
		u.mu.Lock()
		u.history = u.history.Shift(from, by)
		u.made = nil
		u.mu.Unlock()
	}
}

// sameEvents: only the end changes.
func sameEvents(a, b []nis.Event) bool {
	return len(a) == len(b) && (len(a) == 0 || a[len(a)-1] == b[len(b)-1] && a[0] == b[0])
}

func (r *recorder) onBattery() bool {
	for _, u := range r.units {
		u.mu.Lock()
		on := u.history.Battery
		u.mu.Unlock()
		if on {
			return true
		}
	}
	return false
}

// keep hands over what is to be saved; a slow disk gets the newest only.
func (r *recorder) keep() {
	if r.file == nil {
		return
	}
	all := make(map[string]nis.History, len(r.units))
	for name, u := range r.units {
		u.mu.Lock()
		all[name] = u.history
		u.mu.Unlock()
	}
	for name, h := range r.others {
		if _, served := all[name]; !served && len(all) < feeds.Max {
			all[name] = h
		}
	}
	data, err := json.Marshal(all)
	if err != nil {
		r.logger.Error("history cannot be saved", "err", err)
		return
	}
	select {
	case <-r.saves:
	default:
	}
	r.saves <- data
}

// save writes what keep hands over, until there is no more.
func (r *recorder) save() {
	failing := false // told once
	for data := range r.saves {
		err := r.file.Save(data)
		if err != nil && !failing {
			r.logger.Error("history cannot be saved", "err", err)
		}
		failing = err != nil
	}
}

// Status implements nis.Source. Nothing in an answer changes within a second but by a reading, so many clients share one.
func (u *unit) Status() []string {
	now := time.Now().Truncate(time.Second)
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.made != nil && u.second.Equal(now) {
		return u.made
	}
	v := nis.View{Name: u.name, Host: u.host, Version: version, UPS: u.shown, History: u.history, Limits: u.limits, Now: now}
	form := nis.Status
	if u.old {
		form = nis.OldStatus
	}
	u.made, u.second = form(v), now
	return u.made
}

// Events implements nis.Source.
func (u *unit) Events() []string {
	u.mu.Lock()
	h := u.history
	u.mu.Unlock()
	return nis.Events(h, time.Local)
}
