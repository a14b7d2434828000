package listen

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"sync/atomic"
	"testing"
)

// TestEach: what can be opened is served at once, what is taken once it is free, and only then nothing more is to be opened.
func TestEach(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	ctx, cancel := context.WithCancel(t.Context())
	var sealed atomic.Bool
	served, done := make(chan net.Addr), make(chan error, 1)
	go func() {
		done <- Each(ctx, []string{taken.Addr().String(), "127.0.0.1:0"}, slog.New(slog.DiscardHandler), func() error { sealed.Store(true); return nil },
			func(ctx context.Context, ln *net.TCPListener) error {
				served <- ln.Addr()
				<-ctx.Done()
				return nil
			})
	}()
	if first := <-served; first.String() == taken.Addr().String() || sealed.Load() {
		t.Errorf("%v is served first, sealed %t", first, sealed.Load())
	}
	taken.Close()
	if second := <-served; second.String() != taken.Addr().String() || !sealed.Load() {
		t.Errorf("%v is served then, sealed %t", second, sealed.Load())
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// TestEachFails: one that fails, or cannot be sealed, ends all.
func TestEachFails(t *testing.T) {
	oops := errors.New("oops")
	fail := func(context.Context, *net.TCPListener) error { return oops }
	wait := func(ctx context.Context, _ *net.TCPListener) error { <-ctx.Done(); return nil }
	well := func() error { return nil }
	for name, err := range map[string]error{
		"served": Each(t.Context(), []string{"127.0.0.1:0", "127.0.0.1:0"}, slog.New(slog.DiscardHandler), well, fail),
		"sealed": Each(t.Context(), []string{"127.0.0.1:0", "127.0.0.1:0"}, slog.New(slog.DiscardHandler), func() error { return oops }, wait),
	} {
		if err != oops {
			t.Errorf("%s: %v", name, err)
		}
	}
}
