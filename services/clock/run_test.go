package clock

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestBoardWithoutAClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(-30*365*day, "a", "b", "c")
		f.run(t, "", nil, func() {
			f.pass(0)
			if f.skew != -100*day {
				t.Errorf("before any answer, the clock is off by %v", f.skew)
			}
			f.pass(time.Second)
			if f.skew != 0 || !f.status.Synced || f.status.Err != nil || f.steps.Load() != 2 {
				t.Errorf("after a second, the clock is off by %v: %+v", f.skew, f.status)
			}
			f.skew = 200 * time.Millisecond // a drift is slewed
			f.pass(time.Hour)
			if f.skew != 0 || f.steps.Load() != 2 {
				t.Errorf("drift is off by %v, %d steps", f.skew, f.steps.Load())
			}
			f.pass(10 * day)
			if n := len(f.servers["a"].asked); n > 10*24*3600/2048+10 {
				t.Errorf("%d questions in ten days", n)
			}
		})
	})
}

func TestWrongServers(t *testing.T) {
	for _, test := range []struct {
		name  string
		wrong []time.Duration
		err   error // of the first
		skew  time.Duration
		said  string
	}{
		{"one is wrong", []time.Duration{day, 0, 0}, nil, 0, "clock set"},
		{"one is silent", []time.Duration{0, 0, 0}, errors.New("timeout"), 0, "clock set"},
		{"no majority", []time.Duration{day, 0}, nil, -time.Hour, "of 2 servers at most 1 agree"},
		{"before the floor", []time.Duration{-101 * day, -101 * day}, nil, -time.Hour, "which has passed"},
		{"far in the future", []time.Duration{30 * 365 * day}, nil, -time.Hour, "too late for this program"},
		{"none answers", []time.Duration{0}, errors.New("timeout"), -time.Hour, "timeout"},
	} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(-time.Hour, []string{"a", "b", "c"}[:len(test.wrong)]...)
			for i, name := range []string{"a", "b", "c"}[:len(test.wrong)] {
				f.servers[name].wrong = test.wrong[i]
			}
			f.servers["a"].err = test.err
			f.run(t, "", nil, func() { f.pass(time.Hour) })
			if f.skew != test.skew || f.status.Synced != (test.skew == 0) || !strings.Contains(f.log.String(), test.said) {
				t.Errorf("%s: off by %v, %+v\n%s", test.name, f.skew, f.status, f.log.String())
			}
			if n := len(f.servers["a"].asked); n > 9 {
				t.Errorf("%s: %d questions in an hour", test.name, n)
			}
		})
	}
}

func TestServersGoMadTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(0, "a")
		f.run(t, "", nil, func() {
			f.pass(100 * time.Second) // two rounds
			f.servers["a"].wrong = day
			f.pass(128 * time.Second)
			if f.skew != 0 || !strings.Contains(f.log.String(), "all of a sudden") {
				t.Errorf("one odd answer has set the clock by %v", f.skew)
			}
			f.servers["a"].wrong = 0
			f.pass(64 * time.Second)
			if f.skew != 0 || f.status.Err != nil {
				t.Errorf("off by %v, %+v", f.skew, f.status)
			}
			f.servers["a"].wrong = day // for good
			f.pass(10 * time.Minute)
			if f.skew != day || f.steps.Load() != 1 {
				t.Errorf("off by %v, %d steps", f.skew, f.steps.Load())
			}
		})
	})
}

func TestKissOfDeath(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(-time.Hour, "a", "b", "c")
		f.servers["a"].err, f.servers["b"].err = Kiss{"DENY"}, Kiss{"RATE"}
		f.run(t, "", nil, func() { f.pass(day) })
		a, b := f.servers["a"].asked, f.servers["b"].asked
		if len(a) != 1 || len(b) < 2 || len(b) > 6 || f.skew != 0 {
			t.Errorf("DENY asked %d times, RATE %d times, off by %v", len(a), len(b), f.skew)
		}
	})
}

// Waits for the network, and asks again soon when it comes, but not faster than servers allow.
func TestOnline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(-time.Hour, "a")
		online := make(chan struct{}, 1)
		a := f.servers["a"]
		a.err = errors.New("no route")
		f.run(t, "", online, func() {
			f.pass(3 * time.Second)
			if len(a.asked) != 0 {
				t.Error("asked without a network")
			}
			online <- struct{}{}
			f.pass(0)
			if len(a.asked) != 1 {
				t.Error("not asked when the network came")
			}
			for range 100 { // a flapping link
				online <- struct{}{}
				f.pass(time.Second)
			}
			if n := len(a.asked); n < 6 || n > 8 {
				t.Errorf("%d questions in 100 s of flapping", n)
			}
		})
	})
	synctest.Test(t, func(t *testing.T) {
		f := newFake(-time.Hour, "a")
		f.run(t, "", make(chan struct{}), func() { f.pass(time.Minute) })
		if f.skew != 0 {
			t.Error("whoever does not tell of the network gets no time")
		}
	})
}

func TestLastSeen(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "netd")
	synctest.Test(t, func(t *testing.T) {
		writes := 0
		var content string
		steady := newFake(0, "a")
		steady.run(t, dir, nil, func() {
			for range 30 * 24 {
				steady.pass(time.Hour)
				text, err := os.ReadFile(filepath.Join(dir, "clock"))
				if err != nil {
					t.Fatal(err)
				}
				if string(text) != content {
					writes, content = writes+1, string(text)
				}
			}
		})
		if writes < 29 || writes > 31 {
			t.Errorf("%d writes in 30 days", writes)
		}
		stopped := time.Now()
		time.Sleep(day)
		f := newFake(-400*day, "a")
		f.servers["a"].err = errors.New("timeout")
		f.run(t, dir, nil, func() { f.pass(0) })
		if behind := stopped.Sub(f.now()); behind < 0 || behind > seenAtStop+time.Second {
			t.Errorf("the clock starts %v behind the last stop", behind)
		}
	})
}

// A clock that nothing vouches for is no floor for later.
func TestUnprovenTimeIsNotKept(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		f := newFake(5*365*day, "a")
		f.servers["a"].err = errors.New("timeout")
		f.run(t, dir, nil, func() { f.pass(3 * day) })
	})
	if _, err := os.Stat(filepath.Join(dir, "clock")); err == nil {
		t.Error("the time was kept")
	}
}

func TestDamagedLastSeen(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "clock"), []byte("junk"), 0o644); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		f := newFake(-400*day, "a")
		f.run(t, dir, nil, func() { f.pass(time.Minute) })
		if f.skew != 0 || !strings.Contains(f.log.String(), "clock: damaged") {
			t.Errorf("off by %v\n%s", f.skew, f.log.String())
		}
	})
}

func TestClockThatMayNotBeSet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(-400*day, "a")
		f.denied = errors.New("operation not permitted")
		f.run(t, "", nil, func() { f.pass(day) })
		if f.status.Synced || strings.Count(f.log.String(), "not permitted") != 2 {
			t.Errorf("%+v\n%s", f.status, f.log.String())
		}
	})
}
