package supervise

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// collector takes lines.
type collector struct {
	mu    sync.Mutex
	lines []string
}

func (c *collector) take(name, line string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lines = append(c.lines, name+": "+line)
}

func (c *collector) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return strings.Join(c.lines, "\n")
}

func startReal(t *testing.T, p Program) (Process, *collector) {
	t.Helper()
	out := &collector{}
	proc, err := Exec{Reaper: NewReaper(), Lines: out.take}.Start(p)
	if err != nil {
		t.Fatal(err)
	}
	return proc, out
}

func TestExitIsReported(t *testing.T) {
	for _, test := range []struct {
		command []string
		want    string
	}{
		{helper(t, "exit", "0"), "exit code 0"},
		{helper(t, "exit", "3"), "exit code 3"},
	} {
		proc, _ := startReal(t, Program{Name: "p", Command: test.command})
		if got := proc.Wait().String(); got != test.want {
			t.Errorf("got %q, want %q", got, test.want)
		}
	}
}

func TestSignalIsReported(t *testing.T) {
	for _, test := range []struct {
		do   func(Process)
		want syscall.Signal
	}{{Process.Terminate, syscall.SIGTERM}, {Process.Kill, syscall.SIGKILL}} {
		proc, out := startReal(t, Program{Name: "p", Command: helper(t, "serve"), Notify: true})
		select {
		case <-proc.Ready():
		case <-time.After(20 * time.Second):
			t.Fatalf("not ready: %s", out)
		}
		test.do(proc)
		if got := proc.Wait(); got.Signal != test.want || !strings.HasPrefix(got.String(), "ended by SIG") {
			t.Errorf("got %v, want %v", got, test.want)
		}
		if got, want := out.String(), "p: environment []\np: serving"; got != want {
			t.Errorf("output %q, want %q", got, want)
		}
	}
}

func TestLinesAreBounded(t *testing.T) {
	proc, out := startReal(t, Program{Name: "p", Command: helper(t, "print")})
	proc.Wait()
	want := "p: short\np: " + strings.Repeat("x", MaxLine) + " ...\np: after\np: no newline"
	if got := out.String(); got != want {
		t.Errorf("got %.2000q", got)
	}
}

func TestMissingProgramIsAnError(t *testing.T) {
	_, err := Exec{Reaper: NewReaper()}.Start(Program{Name: "p", Command: []string{"/no/such/file"}, Notify: true})
	if err == nil || !strings.Contains(err.Error(), "/no/such/file") {
		t.Errorf("got %v", err)
	}
}

func TestSupervisorWithRealProcesses(t *testing.T) {
	out := &collector{}
	s := New(Exec{Reaper: NewReaper(), Lines: out.take}, slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	for _, p := range []Program{
		{Name: "server", Command: helper(t, "serve"), Notify: true},
		{Name: "driver", Command: helper(t, "exit", "3"), FinalCodes: []int{3}, After: []string{"server"}},
	} {
		if err := s.Add(p); err != nil {
			t.Fatal(err)
		}
	}
	await(t, s, func(all []Status) bool { return all[0].State == Ready && all[1].Ended(3) })

	first := s.Status()[0]
	if err := syscall.Kill(first.Pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	await(t, s, func(all []Status) bool { return all[0].State == Ready && all[0].Pid != first.Pid })
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if got := s.Status()[0]; got.State != Stopped || got.LastExit.Signal != syscall.SIGTERM || got.Starts != 2 {
		t.Errorf("the server is %+v", got)
	}
}

func await(t *testing.T, s *Supervisor, want func([]Status) bool) {
	t.Helper()
	limit := time.After(30 * time.Second)
	for {
		changed := s.Changed()
		if want(s.Status()) {
			return
		}
		select {
		case <-changed:
		case <-limit:
			t.Fatalf("it did not come to that: %+v", s.Status())
		}
	}
}

func TestHungProcessIsReplaced(t *testing.T) {
	out := &collector{}
	s := New(Exec{Reaper: NewReaper(), Lines: out.take}, slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	if err := s.Add(Program{Name: "p", Command: helper(t, "beat", "4"), Notify: true, Silence: 500 * time.Millisecond}); err != nil {
		t.Fatal(err)
	}
	await(t, s, func(all []Status) bool { return all[0].Starts == 2 && all[0].LastExit.Signal == syscall.SIGKILL })
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
