package nut

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestServer covers the edge: many clients, logins that end with their connection, an orderly end.
func TestServer(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	host := testHost()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- NewServer(host, MaxConns).Serve(ctx, ln) }()
	addr := ln.Addr().String()

	mon := dialLive(t, addr)
	mon.ask("USERNAME mon")
	mon.ask(`PASSWORD "sec ret"`)
	if got := mon.ask("LOGIN ups"); got != "OK\n" {
		t.Fatal(got)
	}
	other := dialLive(t, addr)
	if got := other.ask("LIST CLIENT ups"); got != "BEGIN LIST CLIENT ups\nCLIENT ups 127.0.0.1\nEND LIST CLIENT ups\n" {
		t.Error(got)
	}
	mon.conn.Close()
	for i := 0; other.ask("GET NUMLOGINS ups") != "NUMLOGINS ups 0\n"; i++ {
		if i == 500 {
			t.Fatal("the login outlives its connection")
		}
		time.Sleep(2 * time.Millisecond)
	}
	if got := other.ask("LOGOUT"); got != "OK Goodbye\n" {
		t.Error(got)
	}
	if _, err := other.in.ReadByte(); err != io.EOF {
		t.Error("open after LOGOUT:", err)
	}

	idle := dialLive(t, addr)
	idle.ask("VER")
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if _, err := idle.in.ReadByte(); err == nil {
		t.Error("open after the end")
	}
}

// TestOneWrite: a client that takes any chunk for a whole answer is served well.
func TestOneWrite(t *testing.T) {
	host := testHost()
	conn := &countingConn{}
	s := NewServer(host, MaxConns)
	if !s.answer(conn, NewSession(host, "addr"), []byte("LIST VAR ups\n")) || conn.writes != 1 {
		t.Errorf("%d writes", conn.writes)
	}
}

type countingConn struct {
	net.Conn
	writes int
}

func (c *countingConn) Write(b []byte) (int, error) {
	c.writes++
	return len(b), nil
}

func (c *countingConn) SetWriteDeadline(time.Time) error { return nil }

func TestTooManyClients(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	var log bytes.Buffer
	host := testHost()
	host.Logger = slog.New(slog.NewTextHandler(&log, nil))
	go func() { done <- NewServer(host, 1).Serve(ctx, ln) }()
	defer func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if n := strings.Count(log.String(), "too many"); n != 1 {
			t.Errorf("told %d times of the refused:\n%s", n, &log)
		}
	}()
	first := dialLive(t, ln.Addr().String())
	first.ask("VER")
	for range 3 {
		second := dialLive(t, ln.Addr().String())
		if b, err := io.ReadAll(second.in); len(b) != 0 {
			t.Errorf("one too many got %q, %v", b, err)
		}
	}
	if got := first.ask("NETVER"); got != "1.3\n" {
		t.Errorf("the first got %q", got)
	}
}

// TestSlowClient: one that asks and never reads is dropped after a while, one that is idle never.
func TestSlowClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		done := make(chan struct{})
		go func() {
			host := testHost()
			NewServer(host, 1).serve(t.Context(), ours, NewSession(host, "addr"))
			close(done)
		}()
		time.Sleep(24 * time.Hour)
		begin := time.Now()
		if _, err := theirs.Write([]byte("VER\n")); err != nil {
			t.Fatal(err)
		}
		<-done
		if took := time.Since(begin); took != writeTimeout {
			t.Errorf("dropped after %v", took)
		}
	})
}
