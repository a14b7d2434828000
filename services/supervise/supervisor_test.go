package supervise

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// bench is a Supervisor of fake processes that runs in a synctest bubble.
type bench struct {
	*Supervisor
	starter *fakeStarter
	log     *bytes.Buffer // read it only when the bubble is idle
	stop    func()        // returns when Run has
}

func newBench(t *testing.T) *bench {
	b := &bench{starter: newFakeStarter(), log: &bytes.Buffer{}}
	b.Supervisor = New(b.starter, slog.New(slog.NewTextHandler(b.log, nil)))
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := b.Run(ctx); err != nil {
			t.Errorf("Run: %v", err)
		}
	}()
	b.stop = func() {
		cancel()
		<-ended
	}
	return b
}

func (b *bench) add(t *testing.T, programs ...Program) {
	t.Helper()
	for _, p := range programs {
		p.Command = []string{"/bin/" + p.Name}
		p.Notify = true
		if err := b.Add(p); err != nil {
			t.Fatal(err)
		}
	}
	synctest.Wait()
}

// history is the sequence of states that the program went through.
func (b *bench) history(name string) (states []string) {
	for _, st := range b.Status() {
		if st.Name == name {
			for _, e := range st.Events {
				states = append(states, e.State.String())
			}
		}
	}
	return states
}

func (b *bench) want(t *testing.T, name, states string) {
	t.Helper()
	if got := strings.Join(b.history(name), " "); got != states {
		t.Errorf("%s went through %q, want %q", name, got, states)
	}
}

func bubble(t *testing.T, f func(*testing.T, *bench)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		defer b.stop()
		f(t, b)
	})
}

func TestProgramIsStartedAndStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.add(t, Program{Name: "a"})
		b.want(t, "a", "waiting starting ready")
		b.stop()
		b.want(t, "a", "waiting starting ready stopping stopped")
	})
}

func TestOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.starter.scripts["a"] = []script{{}} // not ready by itself
		b.add(t, Program{Name: "a"}, Program{Name: "b", After: []string{"a"}}, Program{Name: "c"}, Program{Name: "d", After: []string{"b", "c"}})
		b.want(t, "b", "waiting")
		close(b.starter.process(t, "a").ready)
		synctest.Wait()
		b.want(t, "d", "waiting starting ready")
		b.stop()
		want := []string{"start a", "start c", "start b", "start d", "term d", "term c", "term b", "term a"}
		if got := b.starter.done(); !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

func TestCrashLoopPausesLongerEachTimeAndIsSaidOnce(t *testing.T) {
	bubble(t, func(t *testing.T, b *bench) {
		b.add(t, Program{Name: "bad"}, Program{Name: "good"})
		begin := time.Now()
		var at []time.Duration
		for range 12 {
			at = append(at, time.Since(begin))
			b.starter.process(t, "bad").end(Exit{Code: 1})
			synctest.Wait()
			time.Sleep(b.pause("bad"))
			synctest.Wait()
		}
		want := "[0s 100ms 300ms 700ms 1.5s 3.1s 6.3s 12.7s 25.5s 51.1s 1m21.1s 1m51.1s]"
		if got := fmt.Sprint(at); got != want {
			t.Errorf("started after %v, want %v", got, want)
		}
		if n := strings.Count(b.log.String(), "program ended"); n != 1 {
			t.Errorf("said %d times, want once:\n%s", n, b.log)
		}
		b.want(t, "good", "waiting starting ready")

		b.starter.process(t, "bad").end(Exit{Code: 2})
		synctest.Wait()
		if !strings.Contains(b.log.String(), "exit code 2") {
			t.Errorf("another reason is news:\n%s", b.log)
		}
	})
}

// pause is how long the program will not be started.
func (b *bench) pause(name string) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	return time.Until(b.find(name).wake)
}

func TestProgramThatStaysUpIsForgiven(t *testing.T) {
	bubble(t, func(t *testing.T, b *bench) {
		b.add(t, Program{Name: "a", MinRun: 5 * time.Second})
		for range 4 {
			b.starter.process(t, "a").end(Exit{Code: 1})
			synctest.Wait()
			time.Sleep(b.pause("a"))
			synctest.Wait()
		}
		time.Sleep(5 * time.Second)
		synctest.Wait()
		if !strings.Contains(b.log.String(), "stays up again") {
			t.Errorf("not said:\n%s", b.log)
		}
		b.starter.process(t, "a").end(Exit{Code: 1})
		synctest.Wait()
		if got := b.pause("a"); got != firstPause {
			t.Errorf("paused for %v, want %v", got, firstPause)
		}
	})
}

func TestFinalCodeEndsAProgram(t *testing.T) {
	bubble(t, func(t *testing.T, b *bench) {
		b.add(t, Program{Name: "driver", FinalCodes: []int{3}})
		b.starter.process(t, "driver").end(Exit{Code: 3})
		time.Sleep(time.Hour)
		synctest.Wait()
		b.want(t, "driver", "waiting starting ready done")
		if !b.Status()[0].Ended(3) {
			t.Error("Ended(3) is false")
		}
		b.Remove("driver")
		b.add(t, Program{Name: "driver"}) // at once
		b.want(t, "driver", "waiting starting ready")
	})
}

func TestStartThatFailsIsTriedAgain(t *testing.T) {
	bubble(t, func(t *testing.T, b *bench) {
		b.starter.scripts["a"] = []script{{fail: errors.New("no such file")}, {ready: true}}
		b.add(t, Program{Name: "a"})
		b.want(t, "a", "waiting pausing")
		time.Sleep(time.Second)
		synctest.Wait()
		b.want(t, "a", "waiting pausing starting ready")
	})
}

func TestDeafProgramIsKilled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.starter.scripts["deaf"] = []script{{deaf: true}}
		b.add(t, Program{Name: "deaf", Timeout: 3 * time.Second})
		begin := time.Now()
		b.stop()
		if took := time.Since(begin); took != 3*time.Second {
			t.Errorf("took %v, want 3s", took)
		}
		if got, want := b.starter.done(), []string{"start deaf", "term deaf", "kill deaf"}; !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

func TestNothingStartsWhileStopping(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.starter.scripts["top"] = []script{{deaf: true}}
		b.add(t, Program{Name: "base"}, Program{Name: "top", After: []string{"base"}, Timeout: 10 * time.Second})
		go func() {
			time.Sleep(time.Second) // top is being stopped, base is still needed
			b.starter.process(t, "base").end(Exit{Code: 1})
		}()
		b.stop()
		b.want(t, "base", "waiting starting ready pausing stopped")
	})
}

func TestRemoveForgetsAProgramOnceItEnded(t *testing.T) {
	bubble(t, func(t *testing.T, b *bench) {
		b.starter.scripts["a"] = []script{{deaf: true, ready: true}}
		b.add(t, Program{Name: "a"})
		changed := b.Changed()
		b.Remove("a")
		<-changed
		b.want(t, "a", "waiting starting ready stopping")
		time.Sleep(defaultTimeout)
		synctest.Wait()
		if all := b.Status(); len(all) != 0 {
			t.Errorf("still there: %+v", all)
		}
	})
}

func TestEventsAreBounded(t *testing.T) {
	bubble(t, func(t *testing.T, b *bench) {
		b.starter.scripts["a"] = []script{{fail: errors.New("no")}}
		b.add(t, Program{Name: "a"})
		time.Sleep(24 * time.Hour)
		synctest.Wait()
		if n := len(b.history("a")); n != eventsKept {
			t.Errorf("%d events are kept, want %d", n, eventsKept)
		}
	})
}

func TestAddRefuses(t *testing.T) {
	tests := []struct {
		name string
		p    Program
	}{
		{"no name", Program{Command: []string{"/x"}}},
		{"no command", Program{Name: "x"}},
		{"there already", Program{Name: "a", Command: []string{"/a"}}},
		{"after itself", Program{Name: "x", Command: []string{"/x"}, After: []string{"x"}}},
		{"after one that is not there", Program{Name: "x", Command: []string{"/x"}, After: []string{"y"}}},
	}
	s := New(newFakeStarter(), slog.New(slog.DiscardHandler))
	if err := s.Add(Program{Name: "a", Command: []string{"/a"}}); err != nil {
		t.Fatal(err)
	}
	for _, test := range tests {
		if err := s.Add(test.p); err == nil {
			t.Errorf("%s: no error", test.name)
		}
	}
}
