package heartbeat

import (
	"bufio"
	"context"
	"errors"
	"os"
	"sync"
	"syscall"
	"testing"
	"time"
)

func pipe(t *testing.T) (*os.File, Parent) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close(); w.Close() })
	return r, Parent{w}
}

func TestReportFollowsAnswers(t *testing.T) {
	r, parent := pipe(t)
	ctx, cancel := context.WithCancel(t.Context())
	loop := make(Loop)
	var reporter sync.WaitGroup
	reporter.Go(func() {
		if err := parent.Report(ctx, loop.Ask); err != nil {
			t.Error(err)
		}
	})
	if err := parent.Ready(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(r)
	want := func(word string) {
		t.Helper()
		if got, err := lines.ReadString('\n'); err != nil || got != word {
			t.Errorf("read %q, %v; want %q", got, err, word)
		}
	}
	want(Ready)
	if err := r.SetReadDeadline(time.Now().Add(50 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if got, err := lines.ReadString('\n'); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a loop that does not answer was reported: %q, %v", got, err)
	}
	if err := r.SetReadDeadline(time.Time{}); err != nil {
		t.Fatal(err)
	}
	<-loop
	want(Alive)
	cancel()
	reporter.Wait()
}

func TestReportEndsWhenNobodyListens(t *testing.T) {
	r, parent := pipe(t)
	r.Close()
	err := parent.Report(t.Context(), func(context.Context) error { return nil })
	if !errors.Is(err, syscall.EPIPE) {
		t.Errorf("got %v", err)
	}
}

func TestWithoutParent(t *testing.T) {
	if err := To(0).Ready(); err != nil {
		t.Error(err)
	}
	if err := To(0).Report(t.Context(), func(context.Context) error { panic("asked") }); err != nil {
		t.Error(err)
	}
}

func TestTurn(t *testing.T) {
	Loop(nil).Turn()
	loop := make(Loop)
	loop.Turn()
	answered := make(chan error)
	go func() { answered <- loop.Ask(t.Context()) }()
	for {
		loop.Turn()
		select {
		case err := <-answered:
			if err != nil {
				t.Error(err)
			}
			return
		default:
		}
	}
}
