package watchdog

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"
)

// dog notes when it was fed last.
type dog struct {
	fed   time.Time
	worst time.Duration // between two feedings
}

func (d *dog) feed() error {
	if !d.fed.IsZero() {
		d.worst = max(d.worst, time.Since(d.fed))
	}
	d.fed = time.Now()
	return nil
}

func keeper(d *dog, turns <-chan struct{}, check func() error) Keeper {
	return Keeper{Feed: d.feed, Turns: turns, Check: check, Failed: func(error) {}, StartTime: time.Minute, EndTime: 30 * time.Second}
}

func well() error { return nil }

// loop turns each time it is asked, until stop is closed.
func loop(stop <-chan struct{}) <-chan struct{} {
	turns := make(chan struct{})
	go func() {
		for {
			select {
			case turns <- struct{}{}:
			case <-stop:
				return
			}
		}
	}()
	return turns
}

func TestFedWhileTheLoopTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		var d dog
		stop := make(chan struct{})
		defer close(stop)
		begin := time.Now()
		if err := keeper(&d, loop(stop), well).Run(ctx); err != nil {
			t.Error(err)
		}
		if d.worst >= Timeout {
			t.Errorf("it starved for %v", d.worst)
		}
		if end := d.fed.Sub(begin) - time.Hour; end <= 20*time.Second || end > 30*time.Second {
			t.Errorf("it was fed until %v after the end was asked for", end)
		}
	})
}

func TestNotFedWhenTheLoopStands(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d dog
		stop := make(chan struct{})
		turns := loop(stop)
		time.AfterFunc(time.Minute, func() { close(stop) })
		if err := keeper(&d, turns, well).Run(t.Context()); !errors.Is(err, ErrStill) {
			t.Errorf("got %v", err)
		}
		if left := Timeout - time.Since(d.fed); left < 2*time.Second {
			t.Errorf("%v are left to say why", left)
		}
	})
}

func TestNotFedWhenTheCheckFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d dog
		stop := make(chan struct{})
		defer close(stop)
		bad := errors.New("stuck")
		begin := time.Now()
		err := keeper(&d, loop(stop), func() error {
			if time.Since(begin) > time.Minute {
				return bad
			}
			return nil
		}).Run(t.Context())
		if !errors.Is(err, bad) || time.Since(begin) > 2*time.Minute {
			t.Errorf("got %v after %v", err, time.Since(begin))
		}
	})
}

func TestFailureToFeedIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		told := 0
		k := Keeper{Feed: func() error { return errors.New("no") }, Check: well, Failed: func(error) { told++; cancel() }, StartTime: time.Minute}
		if err := k.Run(ctx); err != nil || told == 0 {
			t.Errorf("got %v, told %d times", err, told)
		}
	})
}

func TestOpenSaysWhat(t *testing.T) {
	if _, err := Open(filepath.Join(t.TempDir(), "watchdog"), Timeout); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

func TestLoopThatNeverTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d dog
		begin := time.Now()
		if err := keeper(&d, nil, well).Run(t.Context()); !errors.Is(err, ErrStill) {
			t.Errorf("got %v", err)
		}
		if took := time.Since(begin); took < time.Minute || took > 2*time.Minute || d.worst >= Timeout {
			t.Errorf("it took %v, and starved for %v", took, d.worst)
		}
	})
}
