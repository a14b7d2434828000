package notify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/upscard/upscard/services/storage"
)

var quiet = slog.New(slog.DiscardHandler)

func file(t *testing.T, dir string) *storage.File {
	t.Helper()
	d, err := storage.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	f, err := d.File("events", MaxFile, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// fake is told events, unless it fails.
type fake struct {
	mu   sync.Mutex
	seqs []uint64
	fail int // how many times
}

var _ Sender = (*fake)(nil)

func (f *fake) Send(_ context.Context, e Event) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fail > 0 {
		f.fail--
		return errors.New("away")
	}
	f.seqs = append(f.seqs, e.Seq)
	return nil
}

func (f *fake) told() []uint64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.seqs)
}

// TestOrder: every event is told, in order, by a way that fails at first, and only what is asked for.
func TestOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := InMemory(quiet)
		l.Add(Event{Type: "OLD"})
		all, some := &fake{fail: 5}, new(fake)
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		ways := []Way{{Name: "all", Sender: all}, {Name: "some", Types: []string{"B"}, Sender: some}}
		l.Expect(ways)
		l.Add(Event{Type: "A"}, Event{Type: "B"}) // before anybody runs
		running.Go(func() { l.Run(ctx, ways) })
		synctest.Wait()
		l.Add(Event{Type: "A"})
		time.Sleep(time.Minute)
		if got := all.told(); !slices.Equal(got, []uint64{2, 3, 4}) {
			t.Errorf("all: %v", got)
		}
		if got := some.told(); !slices.Equal(got, []uint64{3}) {
			t.Errorf("some: %v", got)
		}
		cancel()
		running.Wait()
	})
}

// TestRestart: what was not told is told by the next process, what was told is not, and numbers go on.
func TestRestart(t *testing.T) {
	dir := t.TempDir()
	away := &fake{fail: 1000}
	l := Open(file(t, dir), quiet)
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	good := new(fake)
	ways := []Way{{Name: "away", Sender: away}, {Name: "good", Sender: good}}
	l.Expect(ways)
	running.Go(func() { l.Run(ctx, ways) })
	l.Add(Event{Type: "A", Time: time.Unix(1, 0).UTC(), UPS: "ups", Text: "text"})
	for len(good.told()) == 0 {
		time.Sleep(time.Millisecond)
	}
	cancel()
	running.Wait()

	l = Open(file(t, dir), quiet)
	l.Add(Event{Type: "B"})
	back, again := new(fake), new(fake)
	ctx, cancel = context.WithCancel(t.Context())
	ways = []Way{{Name: "away", Sender: back}, {Name: "good", Sender: again}}
	l.Expect(ways)
	running.Go(func() { l.Run(ctx, ways) })
	for len(back.told()) < 2 || len(again.told()) < 1 {
		time.Sleep(time.Millisecond)
	}
	cancel()
	running.Wait()
	if got, got2 := back.told(), again.told(); !slices.Equal(got, []uint64{1, 2}) || !slices.Equal(got2, []uint64{2}) {
		t.Errorf("told %v and %v", got, got2)
	}
	if e := l.Events()[0]; e != (Event{1, time.Unix(1, 0).UTC(), "A", "ups", "text"}) {
		t.Errorf("kept %+v", e)
	}
}

// place is a way's place in the log, nil before it has one.
func (l *Log) place(way string) *uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	if seq, ok := l.content.Told[way]; ok {
		return &seq
	}
	return nil
}

// TestBounds: the log does not grow, and a way that lags learns what it missed.
func TestBounds(t *testing.T) {
	var saved []byte
	l := newLog(content{}, func(data []byte) error { saved = data; return nil }, quiet)
	l.next("late")
	for i := range MaxEvents + 10 {
		l.Add(Event{Type: fmt.Sprint(i), Text: strings.Repeat("x", 2*MaxText)})
	}
	if len(l.Events()) != MaxEvents || len(saved) > MaxFile {
		t.Errorf("%d events in %d bytes", len(l.Events()), len(saved))
	}
	e, dropped, _ := l.next("late")
	if e.Seq != 11 || dropped != 10 {
		t.Errorf("event %d after %d dropped", e.Seq, dropped)
	}
	var c content
	if err := json.Unmarshal(saved, &c); err != nil || c.Last != MaxEvents+10 {
		t.Errorf("saved %v, %v", c.Last, err)
	}
	l.retain([]Way{{Name: "other"}})
	if l.place("late") != nil {
		t.Error("a way that is gone is not forgotten")
	}
}

// TestDiskFails: events are told all the same, and saved when it is possible again.
func TestDiskFails(t *testing.T) {
	broken, saves := true, 0
	l := newLog(content{}, func([]byte) error {
		saves++
		if broken {
			return errors.New("broken")
		}
		return nil
	}, quiet)
	l.Add(Event{Type: "A"})
	broken = false
	l.Flush()
	l.Flush()
	if saves != 2 || len(l.Events()) != 1 {
		t.Errorf("%d saves, %d events", saves, len(l.Events()))
	}
}
