package feeds

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/upscard/upscard/services/driversock"
	"github.com/upscard/upscard/services/ups"
)

// patience is how long a test waits for what must happen, however slow the machine.
const patience = 30 * time.Second

// serve shows a UPS by a feed until stop is called.
func serve(t *testing.T, dir, name, status string) (stop func()) {
	t.Helper()
	ln, err := driversock.Listen(filepath.Join(dir, Prefix+name))
	if err != nil {
		t.Fatal(err)
	}
	store := ups.NewStore()
	store.Set(ups.NewSnapshot(map[string]ups.Var{"ups.status": {Value: status}}, nil, ups.Fresh, time.Now()))
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() {
		_ = driversock.Serve(ctx, ln, store, nil, driversock.ServeOptions{Logger: slog.New(slog.DiscardHandler)})
	})
	return func() { cancel(); running.Wait() }
}

// await waits until what is known has become so.
func await(t *testing.T, f *Feeds, what string, so func() bool) {
	t.Helper()
	for limit := time.After(patience); !so(); {
		select {
		case <-f.Changed():
		case <-limit:
			t.Fatalf("%s: not within %v; known are %q", what, patience, f.Names())
		}
	}
}

func TestFeedsComeAndGo(t *testing.T) {
	top, err := os.MkdirTemp("", "feeds") // a socket's path is short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(top) })
	dir := filepath.Join(top, "nut")
	f := New(dir, driversock.Trust{}, slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { f.Run(ctx) })
	defer running.Wait()
	defer cancel()
	if f.Get("one") != nil {
		t.Error("a UPS is known before it is there")
	}
	if err := os.Mkdir(dir, 0o755); err != nil { // upsd starts later
		t.Fatal(err)
	}
	status := func(name string) string {
		if s := f.Get(name); s != nil && s.Freshness() == ups.Fresh {
			return s.Value("ups.status")
		}
		return ""
	}
	stop := serve(t, dir, "one", "OL")
	await(t, f, "one", func() bool { return status("one") == "OL" })
	defer serve(t, dir, "two", "OB")()
	await(t, f, "two", func() bool { return status("two") == "OB" })
	if got := f.Names(); !slices.Equal(got, []string{"one", "two"}) {
		t.Errorf("known are %q", got)
	}
	stop()
	await(t, f, "one gone", func() bool { return f.Get("one").Freshness() == ups.Absent })
	defer serve(t, dir, "one", "LB")()
	await(t, f, "one again", func() bool { return status("one") == "LB" })
}

// However fast upsd tells of a UPS, whoever looks at each change sees it.
func TestFirstSnapshotIsTold(t *testing.T) {
	dir, err := os.MkdirTemp("", "feeds")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	defer serve(t, dir, "one", "OL")()
	for range 100 {
		f := New(dir, driversock.Trust{}, slog.New(slog.DiscardHandler))
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { f.Run(ctx) })
		await(t, f, "one", func() bool { s := f.Get("one"); return s != nil && s.Value("ups.status") == "OL" })
		cancel()
		running.Wait()
	}
}
