package nut

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/upscard/upscard/services/guests"
)

// TestServer covers the edge: many clients, logins that end with their connection, an orderly end.
func TestServer(t *testing.T) {
	ln, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	host := testHost()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- NewServer(host, Limits{}).Serve(ctx, ln) }()
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

// TestOneWrite: a client that takes any chunk for a whole answer is served well, whatever carries it.
func TestOneWrite(t *testing.T) {
	ours, theirs := net.Pipe()
	serveOne(t, ours, Limits{})
	if _, err := theirs.Write([]byte("LIST VAR ups\n")); err != nil {
		t.Fatal(err)
	}
	chunk := make([]byte, 64<<10) // a pipe gives what one write wrote
	n, err := theirs.Read(chunk)
	if err != nil || !strings.HasSuffix(string(chunk[:n]), "END LIST VAR ups\n") {
		t.Errorf("%q, %v", chunk[:n], err)
	}
	theirs.Close()
}

// serveOne serves a connection of its own, and returns a channel that is closed when it is served no more.
func serveOne(t *testing.T, conn net.Conn, limits Limits) (done chan struct{}) {
	t.Helper()
	host := testHost()
	desks := newDesks()
	done = make(chan struct{})
	go func() {
		newClient(NewServer(host, limits), desks, conn, NewSession(host, "addr")).serve()
		conn.Close()
		desks.Close()
		close(done)
	}()
	t.Cleanup(func() { <-done })
	return done
}

func TestTooManyClients(t *testing.T) {
	ln, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	var log bytes.Buffer
	host := testHost()
	host.Logger = slog.New(slog.NewTextHandler(&log, nil))
	go func() { done <- NewServer(host, Limits{Conns: 1}).Serve(ctx, ln) }()
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
		done := serveOne(t, ours, Limits{})
		time.Sleep(24 * time.Hour)
		expectEnd(t, theirs, done, "VER\n", writeTimeout)
	})
}

// expectEnd writes, and wants to be dropped after a time.
func expectEnd(t *testing.T, conn net.Conn, done chan struct{}, request string, after time.Duration) {
	t.Helper()
	if _, err := conn.Write([]byte(request)); err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	<-done
	if took := time.Since(begin); took != after {
		t.Errorf("dropped after %v", took)
	}
}

// TestSlowLine: the time for a line is that of the whole line, however often a byte of it comes.
func TestSlowLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		done := serveOne(t, ours, Limits{})
		go io.Copy(io.Discard, theirs)
		for range 10 { // each a line of its own, whose begin comes with the end of the one before
			time.Sleep(lineTimeout - time.Second)
			if _, err := theirs.Write([]byte("R\nVE")); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(lineTimeout / 2)
		expectEnd(t, theirs, done, "R", lineTimeout/2)
	})
}

// TestIdleClient: where idle clients are not wanted, any request lets one stay.
func TestIdleClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		done := serveOne(t, ours, Limits{Idle: time.Hour})
		go io.Copy(io.Discard, theirs)
		for range 10 {
			time.Sleep(time.Hour - time.Second)
			if _, err := theirs.Write([]byte("VER\n")); err != nil {
				t.Fatal(err)
			}
		}
		expectEnd(t, theirs, done, "VER\n", time.Hour)
	})
}

// TestDeafClients: however many do not read, what waits for them is bounded, and others are served.
func TestDeafClients(t *testing.T) {
	var u unsent
	held := 0
	for u.take(1 << 20) {
		held++
	}
	if held != maxUnsent>>20 {
		t.Errorf("%d MB wait", held)
	}
	u.give(1 << 20)
	if !u.take(1 << 20) {
		t.Error("what was given back cannot be taken")
	}
}

// TestCrowd: those beyond an address's share are refused, which the log has once, while others come in.
func TestCrowd(t *testing.T) {
	var log bytes.Buffer
	host := testHost()
	host.Logger = slog.New(slog.NewTextHandler(&log, nil))
	s := NewServer(host, Limits{Conns: 10, PerAddress: 1})
	from := func(addr string) guests.Address { return guests.At(netip.MustParseAddr(addr)) }
	if !s.guests.Admit(from("192.0.2.1")) || s.guests.Admit(from("192.0.2.1")) || s.guests.Admit(from("192.0.2.1")) || !s.guests.Admit(from("192.0.2.2")) {
		t.Error("the wrong ones were let in")
	}
	if n := strings.Count(log.String(), "too many from one address"); n != 1 || !strings.Contains(log.String(), "addr=192.0.2.1 limit=1") {
		t.Errorf("told %d times of the refused:\n%s", n, &log)
	}
}
