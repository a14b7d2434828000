package main

import (
	"cmp"
	"context"
	"encoding/json"
	"log/slog"
	"maps"
	"slices"
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

// recorder keeps what clients are told of each UPS that is served.
type recorder struct {
	feeds  *feeds.Feeds
	units  map[string]*unit
	file   *storage.File // nil: nothing is kept
	logger *slog.Logger
	first  chan struct{} // closed once every UPS was looked at
	saves  chan []byte   // capacity 1: what is still to be saved
}

// unit is one UPS.
type unit struct {
	name, host string
	limits     nis.Limits
	old        bool

	mu      sync.Mutex
	shown   *ups.Snapshot
	history nis.History
}

func newRecorder(cfg *config.Config, f *feeds.Feeds, doors []door, host, state string, logger *slog.Logger) (*recorder, error) {
	r := &recorder{feeds: f, units: make(map[string]*unit), logger: logger, first: make(chan struct{}), saves: make(chan []byte, 1)}
	kept, err := r.load(state)
	if err != nil {
		return nil, err
	}
	for _, d := range doors {
		if r.units[d.ups] == nil {
			r.units[d.ups] = &unit{name: d.ups, host: host, limits: limits(cfg.Monitor), old: cfg.NIS.Format == config.NISOld,
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
	first := sync.OnceFunc(func() { close(r.first) })
	for {
		now := time.Now()
		changed, known, wake := r.look(now)
		if known {
			first()
		}
		if changed || !saved.IsZero() && r.onBattery() && now.Sub(saved) >= saveEvery || saved.IsZero() {
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

// look takes the newest snapshots. It tells whether an event came, whether every UPS is known, and how long nothing has to be done by itself.
func (r *recorder) look(now time.Time) (changed, known bool, wake time.Duration) {
	known, wake = true, saveEvery
	for name, u := range r.units {
		snap := r.feeds.Get(name)
		if snap == nil {
			snap = ups.NewStore().Get()
		}
		u.mu.Lock()
		before := u.history
		u.shown = nis.Hold(u.shown, snap)
		u.history = before.Observe(u.shown, now)
		changed = changed || !sameEvents(before.Events, u.history.Events)
		known = known && u.shown.Freshness() != ups.Absent
		if at := u.history.Wake(); !at.IsZero() {
			wake = min(wake, max(time.Until(at), 50*time.Millisecond))
		}
		u.mu.Unlock()
	}
	return changed, known, wake
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

// known waits until every UPS was looked at once, at most for so long.
func (r *recorder) known(ctx context.Context, patience time.Duration) {
	select {
	case <-r.first:
	case <-time.After(patience):
	case <-ctx.Done():
	}
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

// source is what clients of the named UPS are answered from.
func (r *recorder) source(name string) nis.Source { return r.units[name] }

// names are the UPSes that are served, in order.
func (r *recorder) names() []string { return slices.Sorted(maps.Keys(r.units)) }

// Status implements nis.Source.
func (u *unit) Status() []string {
	u.mu.Lock()
	v := nis.View{Name: u.name, Host: u.host, Version: version, UPS: u.shown, History: u.history, Limits: u.limits, Now: time.Now()}
	u.mu.Unlock()
	if u.old {
		return nis.OldStatus(v)
	}
	return nis.Status(v)
}

// Events implements nis.Source.
func (u *unit) Events() []string {
	u.mu.Lock()
	h := u.history
	u.mu.Unlock()
	return nis.Events(h, time.Local)
}
