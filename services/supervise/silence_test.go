package supervise

import (
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

const silence = 15 * time.Second

// speak has the program's process say that it is alive each 5 s, n times.
func (b *bench) speak(t *testing.T, name string, n int) {
	t.Helper()
	for range n {
		time.Sleep(5 * time.Second)
		b.starter.process(t, name).alive <- struct{}{}
		synctest.Wait()
	}
}

func TestSilentProgramIsKilledAndStartedAgain(t *testing.T) {
	bubble(t, func(t *testing.T, b *bench) {
		b.add(t, Program{Name: "a", Silence: silence}, Program{Name: "other"})
		b.speak(t, "a", 10)
		time.Sleep(silence - time.Millisecond)
		synctest.Wait()
		b.want(t, "a", "waiting starting ready")
		time.Sleep(time.Millisecond)
		synctest.Wait()
		b.want(t, "a", "waiting starting ready pausing")
		if got := b.Status()[0].LastExit.Signal; got != syscall.SIGKILL {
			t.Errorf("it was ended by %v", got)
		}
		time.Sleep(time.Second)
		b.speak(t, "a", 3)
		b.want(t, "a", "waiting starting ready pausing starting ready")
		b.want(t, "other", "waiting starting ready")
		if !strings.Contains(b.log.String(), `msg="program hangs, killed" program=a silent=15s`) {
			t.Errorf("the log says\n%s", b.log)
		}
	})
}

func TestFirstReportMayTakeTwiceAsLong(t *testing.T) {
	bubble(t, func(t *testing.T, b *bench) {
		b.starter.scripts["a"] = []script{{}} // not ready by itself
		b.add(t, Program{Name: "a", Silence: silence})
		time.Sleep(2*silence - time.Millisecond)
		synctest.Wait()
		b.want(t, "a", "waiting starting")
		time.Sleep(time.Millisecond)
		synctest.Wait()
		b.want(t, "a", "waiting starting pausing")
	})
}

func TestProgramThatSurvivesItsKillIsShown(t *testing.T) {
	bubble(t, func(t *testing.T, b *bench) {
		b.starter.scripts["a"] = []script{{ready: true, stuck: true}}
		b.add(t, Program{Name: "a", Silence: silence})
		time.Sleep(time.Minute)
		synctest.Wait()
		if got := time.Since(b.Status()[0].Killed); got != time.Minute-2*silence {
			t.Errorf("it was killed %v ago", got)
		}
		b.starter.process(t, "a").end(Exit{})
		synctest.Wait()
		if st := b.Status()[0]; !st.Killed.IsZero() {
			t.Errorf("it has ended, and is %+v", st)
		}
	})
}

// A machine that stood still has not heard anybody.
func TestOwnerThatComesLateBlamesNobody(t *testing.T) {
	s := newService(Program{Name: "a", Notify: true, Silence: silence}, time.Unix(0, 0))
	at := func(d time.Duration) time.Time { return time.Unix(100, 0).Add(d) }
	s.startedAs(&fakeProcess{}, at(0))
	s.saidAlive(at(0))
	if got := s.due(at(silence+late+1), true); got != nothing {
		t.Errorf("late: action %v", got)
	}
	if got := s.due(at(2*silence+late+1), true); got != hung {
		t.Errorf("after another silence: action %v", got)
	}
}

func TestLoopTurns(t *testing.T) {
	b := newBench(t)
	defer b.stop()
	for range 3 {
		<-b.Turns()
	}
	b.mu.Lock() // the loop gets stuck
	defer b.mu.Unlock()
	<-b.Turns()
	select {
	case <-b.Turns():
		t.Error("a loop that is stuck turns")
	case <-time.After(50 * time.Millisecond):
	}
}
