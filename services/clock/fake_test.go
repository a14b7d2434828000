package clock

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// fake is a board's clock and the time servers it can reach. A synctest bubble's time is the true time.
type fake struct {
	mu      sync.Mutex
	skew    time.Duration // of the board's clock from the true time
	servers map[string]*server
	steps   atomic.Int32
	denied  error // what setting the clock says
	log     bytes.Buffer
	status  Status
}

type server struct {
	wrong time.Duration // of the server's clock
	err   error
	asked []time.Time
}

func newFake(skew time.Duration, names ...string) *fake {
	f := &fake{skew: skew, servers: map[string]*server{}}
	for _, name := range names {
		f.servers[name] = &server{}
	}
	return f
}

func (f *fake) now() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return time.Now().Add(f.skew)
}

func (f *fake) query(ctx context.Context, name string) (Sample, error) {
	f.mu.Lock()
	s := f.servers[name]
	s.asked = append(s.asked, time.Now())
	sample, err := Sample{name, s.wrong - f.skew, 15 * time.Millisecond}, s.err
	f.mu.Unlock()
	if err != nil {
		return Sample{}, fmt.Errorf("%s: %w", name, err)
	}
	select {
	case <-time.After(20 * time.Millisecond):
	case <-ctx.Done():
		return Sample{}, ctx.Err()
	}
	return sample, nil
}

// add sets the board's clock, if that is allowed.
func (f *fake) add(by time.Duration) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.denied == nil {
		f.skew += by
	}
	return f.denied
}

func (f *fake) world() World {
	return World{
		Now: f.now, Query: f.query, Jitter: func(d time.Duration) time.Duration { return d }, Slew: f.add,
		Step: func(by time.Duration) error { f.steps.Add(1); return f.add(by) },
	}
}

func (f *fake) report(s Status) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.status = s
}

// run keeps the clock in a bubble while during runs.
func (f *fake) run(t *testing.T, dir string, online <-chan struct{}, during func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		done <- Run(ctx, Options{Servers: func() []string { return []string{"a", "b", "c"}[:len(f.servers)] }, Online: online, Dir: dir,
			Build: time.Now().Add(-100 * day), Report: f.report,
			Logger: slog.New(slog.NewTextHandler(&f.log, nil)), World: f.world()})
	}()
	f.mu.Lock()
	during()
	f.mu.Unlock()
	begun := time.Now()
	cancel()
	if err := <-done; err != nil || time.Since(begun) > time.Second {
		t.Errorf("Run returned %v after %v", err, time.Since(begun))
	}
}

// pass lets time pass for all; between its calls the world stands still for the test.
func (f *fake) pass(d time.Duration) {
	f.mu.Unlock()
	defer f.mu.Lock()
	time.Sleep(d)
	synctest.Wait()
}
