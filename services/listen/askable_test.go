package listen

import (
	"context"
	"errors"
	"net"
	"testing"
	"time"
)

func listenTCP(t *testing.T) *Askable {
	t.Helper()
	ln, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	return NewAskable(ln)
}

func TestAcceptLoopAnswers(t *testing.T) {
	ln := listenTCP(t)
	go func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			conn.Close()
		}
	}()
	for range 3 {
		if err := ln.Ask(t.Context()); err != nil {
			t.Fatal(err)
		}
		conn, err := net.Dial("tcp", ln.Addr().String())
		if err != nil {
			t.Fatalf("asking costs clients: %v", err)
		}
		conn.Close()
	}
}

func TestStuckAcceptLoopDoesNotAnswer(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	if err := listenTCP(t).Ask(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}
