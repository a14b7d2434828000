package nut

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/upscard/upscard/services/listen"
	"golang.org/x/sys/unix"
)

// serving is a server on a port of its own, until the test ends.
func serving(t *testing.T, s *Server) (addr string) {
	t.Helper()
	ln, err := listen.TCP(t.Context(), "127.0.0.1:0") // with the buffers that clients' sockets have
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx, ln) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if n := s.guests.Len(); n != 0 {
			t.Errorf("%d clients are left", n)
		}
	})
	return ln.Addr().String()
}

// await polls, for less than a client that does not read is kept.
func await(t *testing.T, what string, there func() bool) {
	t.Helper()
	for begin := time.Now(); !there(); time.Sleep(time.Millisecond) {
		if time.Since(begin) > writeTimeout*9/10 {
			t.Fatal("there is not " + what)
		}
	}
}

// promoted is how many clients of the only loop have a goroutine.
func promoted(s *Server) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.loops) == 0 { // not yet
		return 0
	}
	s.loops[0].clients.mu.Lock()
	defer s.loops[0].clients.mu.Unlock()
	return len(s.loops[0].clients.open)
}

// TestPromotion: who only asks is served by the loop, anybody else by a goroutine, and neither notices.
func TestPromotion(t *testing.T) {
	for name, tt := range map[string]struct {
		parts    []string // each a write, answered with one line
		promoted int
	}{
		"asks":                 {[]string{"VER\n", "GET VAR ups ups.status\n", "LIST UPS\n"}, 0},
		"has a name":           {[]string{"USERNAME mon\n", "PASSWORD \"sec ret\"\n", "GET VAR ups ups.status\n"}, 0},
		"pipelines":            {[]string{strings.Repeat("NETVER\n", 20)}, 0},
		"logs in":              {[]string{"USERNAME mon\n", "PASSWORD \"sec ret\"\n", "LOGIN ups\n", "VER\n"}, 1},
		"gives all at once":    {[]string{"USERNAME mon\nPASSWORD \"sec ret\"\nLOGIN ups\n"}, 1},
		"asks behind a name":   {[]string{"USERNAME mon\nLIST UPS\n"}, 1},
		"begins a line":        {[]string{"NETVER\nGET VAR ups "}, 1},
		"writes small letters": {[]string{"netver\n"}, 1},
		"sends a blank line":   {[]string{"\n"}, 1},
		"sends much":           {[]string{"GET VAR ups " + strings.Repeat("x", 2*deskBuffer) + "\n"}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			s := NewServer(testHost(), Limits{})
			c := dialLive(t, serving(t, s))
			for _, part := range tt.parts {
				if _, err := io.WriteString(c.conn, part); err != nil {
					t.Fatal(err)
				}
				if line, err := c.in.ReadString('\n'); err != nil {
					t.Fatalf("%q: %q, %v", part, line, err)
				}
			}
			if n := promoted(s); n != tt.promoted {
				t.Errorf("%d have a goroutine", n)
			}
		})
	}
}

// TestQuickNeedsProof: nothing that may take a password's hash is quick.
func TestQuickNeedsProof(t *testing.T) {
	host := testHost()
	s := NewSession(host, "192.0.2.1")
	ask := []byte("GET VAR ups ups.status\n")
	if s.Take(nil, []byte("USERNAME mon\nPASSWORD \"sec ret\"\n")); !s.isQuick(ask) {
		t.Error("everybody may read, and he is asked for a proof")
	}
	host.LimitAnonymous(Anonymous{From: []netip.Prefix{netip.MustParsePrefix("198.51.100.0/24")}})
	if s.isQuick(ask) {
		t.Error("he may read if he is who he says, which takes time")
	}
	s.Take(nil, ask)
	if !s.isQuick(ask) {
		t.Error("he has proved it, and it takes time again")
	}
	if NewSession(host, "192.0.2.1").isQuick(ask) != true {
		t.Error("to refuse a stranger takes no time")
	}
}

// TestReadsLate: who reads late gets all answers, in order, whoever sends them.
func TestReadsLate(t *testing.T) {
	for name, line := range map[string]string{
		"cut in a line":           "LIST VAR ups\n",
		"cut between two of them": "LIST VAR \"ups\" \n", // as many bytes as divide deskBuffer
	} {
		t.Run(name, func(t *testing.T) {
			s := NewServer(testHost(), Limits{})
			c := dialLive(t, serving(t, s))
			if err := c.conn.(*net.TCPConn).SetReadBuffer(64 << 10); err != nil {
				t.Fatal(err)
			}
			const lists = 8000 // two megabytes, more than the sockets of both sides take
			go io.WriteString(c.conn, strings.Repeat(line, lists)+"LOGOUT\n")
			await(t, "somebody who waits for it", func() bool { return promoted(s) > 0 })
			want, _, _ := NewSession(testHost(), "").Take(nil, []byte(line))
			all, err := io.ReadAll(c.in)
			if err != nil {
				t.Fatal(err)
			}
			if rest := bytes.ReplaceAll(all, want, nil); string(rest) != "OK Goodbye\n" || len(all) != lists*len(want)+len(rest) {
				t.Errorf("%d bytes of %d; besides answers %.200q", len(all), lists*len(want), rest)
			}
		})
	}
}

// TestIdleLimitNeedsAClock: with a limit everybody has a goroutine.
func TestIdleLimitNeedsAClock(t *testing.T) {
	s := NewServer(testHost(), Limits{Idle: time.Hour})
	c := dialLive(t, serving(t, s))
	c.ask("VER")
	if n := promoted(s); n != 1 {
		t.Errorf("%d have a goroutine", n)
	}
}

// TestStuckLoop: a loop that does not turn does not answer.
func TestStuckLoop(t *testing.T) {
	ln, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	s := NewServer(testHost(), Limits{})
	stuck, release := make(chan bool), make(chan bool)
	l, err := newLoop(s, ln, func(addr string) *Session {
		stuck <- true
		<-release
		return NewSession(s.host, addr)
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- l.run(ctx) }()
	if err := l.ask(t.Context()); err != nil {
		t.Fatal(err)
	}
	dialLive(t, ln.Addr().String())
	<-stuck
	soon, stop := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer stop()
	if err := l.ask(soon); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a stuck one: %v", err)
	}
	close(release)
	if err := l.ask(t.Context()); err != nil {
		t.Error(err)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// sharedBuffer is a log that is read while it is written.
type sharedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *sharedBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *sharedBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// TestNoDescriptors: who cannot be accepted for want of descriptors waits, and comes in once there are some.
func TestNoDescriptors(t *testing.T) {
	var log sharedBuffer
	host := testHost()
	host.Logger = slog.New(slog.NewTextHandler(&log, nil))
	s := NewServer(host, Limits{})
	addr := serving(t, s)
	first := dialLive(t, addr)
	first.ask("VER")
	second := dialLive(t, addr)
	second.ask("VER")
	var before unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &before); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Setrlimit(unix.RLIMIT_NOFILE, &before) })
	third, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(third)
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: 3, Max: before.Max}); err != nil { // no new one
		t.Fatal(err)
	}
	to := net.TCPAddrFromAddrPort(netip.MustParseAddrPort(addr))
	if err := unix.Connect(third, &unix.SockaddrInet4{Port: to.Port, Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	await(t, "a word in the log", func() bool { return strings.Contains(log.String(), "cannot be accepted") })
	if got := first.ask("NETVER"); got != "1.3\n" {
		t.Errorf("meanwhile another got %q", got)
	}
	stop, stopped := make(chan bool), make(chan bool)
	go func() { // the loop has no moment's rest any more
		defer close(stopped)
		answer := make([]byte, 10)
		for {
			select {
			case <-stop:
				return
			default:
				second.conn.Write([]byte("NETVER\n"))
				second.conn.Read(answer)
			}
		}
	}()
	defer func() { close(stop); <-stopped }()
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &before); err != nil {
		t.Fatal(err)
	}
	if _, err := unix.Write(third, []byte("NETVER\n")); err != nil {
		t.Fatal(err)
	}
	if err := unix.SetsockoptTimeval(third, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Sec: 10}); err != nil {
		t.Fatal(err)
	}
	answer := make([]byte, 10)
	if n, err := unix.Read(third, answer); string(answer[:max(n, 0)]) != "1.3\n" {
		t.Errorf("got %q, %v", answer, err)
	}
}
