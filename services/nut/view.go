package nut

import (
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/upscard/upscard/services/ups"
)

const (
	varStatus = "ups.status"
	wordFSD   = "FSD"
)

// view is a snapshot as clients see it.
type view struct {
	of      *ups.Snapshot
	fsd     bool
	missing *map[string]string
	is      *ups.Snapshot
}

// shown returns what clients see of a driver's snapshot: FSD stands in front of ups.status while it is set, and what must not be missing
// is there.
func (u *UPS) shown(snap *ups.Snapshot) *ups.Snapshot {
	fsd, missing := u.fsd.Load(), u.missing.Load()
	if !fsd && missing == nil || snap.Freshness() == ups.Absent {
		return snap
	}
	if v := u.view.Load(); v != nil && v.of == snap && v.fsd == fsd && v.missing == missing {
		return v.is
	}
	values := make(map[string]string)
	if missing != nil {
		for name, value := range *missing {
			if _, known := snap.Var(name); !known {
				values[name] = value
			}
		}
	}
	if fsd {
		values[varStatus] = withFSD(snap.Value(varStatus))
	}
	is := snap.WithValues(values)
	u.view.Store(&view{snap, fsd, missing, is})
	return is
}

// Supply gives the UPS these variables while its driver does not tell them. The caller must not modify values any more.
func (u *UPS) Supply(values map[string]string) {
	if len(values) == 0 {
		u.missing.Store(nil)
	} else {
		u.missing.Store(&values)
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.tell()
}

// withFSD puts FSD in front of a status that does not have it.
func withFSD(status string) string {
	words := strings.Fields(status)
	if slices.Contains(words, wordFSD) {
		return status
	}
	return strings.Join(append([]string{wordFSD}, words...), " ")
}

// Feed holds what the UPS's followers on the card see, while Watch runs: what clients see, with the last known values while they are stale,
// and besides what the server itself knows, under server.*.
func (u *UPS) Feed() *ups.Store { return u.feed }

// Watch keeps the feed, until ctx ends.
func (u *UPS) Watch(ctx context.Context) {
	changed := make(chan struct{}, 1)
	var waiting sync.WaitGroup
	defer waiting.Wait()
	for _, store := range []*ups.Store{u.store, u.meta.store} {
		seen := store.Get() // before the first merge, which then misses nothing
		waiting.Go(func() { ring(ctx, store, seen, changed) })
	}
	for was := ups.Absent; ; {
		was = u.merge(was)
		select {
		case <-changed:
		case <-ctx.Done():
			return
		}
	}
}

// merge stores what is seen now in the feed, and notes when a UPS that was fresh is so no more, and when it is again.
func (u *UPS) merge(was ups.Freshness) ups.Freshness {
	snap := u.store.Get()
	is := snap.Freshness()
	if is == ups.Absent && u.came.Load() {
		is = ups.Stale
	}
	switch {
	case was == ups.Fresh && is != ups.Fresh:
		u.note(eventCommBad)
	case was == ups.Stale && is == ups.Fresh:
		u.note(eventCommOK)
	}
	own := u.meta.store.Get()
	values := make(map[string]string, len(own.Names()))
	for _, name := range own.Names() {
		values[name] = own.Value(name)
	}
	u.feed.Set(u.shown(snap).WithValues(values).With(is))
	return is
}

// ring sends to changed when the store has changed since last, until ctx ends.
func ring(ctx context.Context, store *ups.Store, last *ups.Snapshot, changed chan<- struct{}) {
	for {
		next, err := store.Wait(ctx, last)
		if err != nil {
			return
		}
		last = next
		select {
		case changed <- struct{}{}:
		default:
		}
	}
}
