package main

import (
	"context"
	"log/slog"
	"time"

	"github.com/upscard/upscard/services/ups"
)

// patienceForDrivers is how long a UPS may take to be read for the first time before it is said to be absent, or stale: drivers start after us.
const patienceForDrivers = 10 * time.Second

// A UPS whose state changes and changes is told less and less often after the first few times, but its last state always is.
const (
	burst       = 8
	longestRest = 30 * time.Second
	calm        = time.Minute // without a change: all is forgotten
)

// maxStatus bounds what is told of ups.status, in bytes.
const maxStatus = 100

// tell writes the UPS's state as clients see it, then each change of it, to the log until ctx ends. The console shows the log: to an owner
// without a network this is how the UPS is.
func tell(ctx context.Context, name string, store *ups.Store, logger *slog.Logger) {
	snap := awaitDriver(ctx, store)
	said, changes, at, came := "", 0, time.Now(), false
	for ctx.Err() == nil {
		came = came || snap.Freshness() == ups.Fresh
		if now := state(snap, came); now != said {
			level := slog.LevelInfo
			if snap.Freshness() != ups.Fresh {
				level = slog.LevelWarn
			}
			logger.Log(ctx, level, "state", "ups", name, "status", now)
			if changes++; time.Since(at) >= calm {
				changes = 1
			}
			said, at = now, time.Now()
			pause(ctx, rest(changes))
		}
		snap, _ = store.Wait(ctx, snap)
	}
}

// awaitDriver returns the first snapshot that is fresh, or what there is when patience ends.
func awaitDriver(ctx context.Context, store *ups.Store) *ups.Snapshot {
	ctx, cancel := context.WithTimeout(ctx, patienceForDrivers)
	defer cancel()
	snap := store.Get()
	for snap.Freshness() != ups.Fresh {
		next, err := store.Wait(ctx, snap)
		if err != nil {
			break
		}
		snap = next
	}
	return snap
}

// state is what a person is told of a UPS. One that came and has no driver any more is stale, as it is to clients.
func state(snap *ups.Snapshot, came bool) string {
	switch {
	case snap.Freshness() == ups.Absent && came:
		return ups.Stale.String()
	case snap.Freshness() != ups.Fresh:
		return snap.Freshness().String()
	}
	status := snap.Value("ups.status")
	return status[:min(len(status), maxStatus)]
}

// rest is how long to be silent after so many changes without calm.
func rest(changes int) time.Duration {
	if changes <= burst {
		return 0
	}
	return min(time.Second<<min(changes-burst, 10), longestRest)
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
