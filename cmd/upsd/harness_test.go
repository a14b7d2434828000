package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/upscard/upscard/services/driversock"
	"github.com/upscard/upscard/services/ups"
)

// patience is how long a test waits for what must happen, however slow the machine. How soon it happens is tested where time is virtual.
const patience = 30 * time.Second

// untightened leaves the test's process as it is.
func untightened(string) error { return nil }

// upsd is one that runs in this process until the test ends.
type upsd struct {
	t    *testing.T
	run  string // directory
	addr string
	code chan int
	stop func()
	log  *logBuffer
}

func start(t *testing.T, config string, args ...string) *upsd {
	t.Helper()
	dir, err := os.MkdirTemp("", "upsd")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	file := filepath.Join(dir, "upscard.toml")
	if config != "" {
		if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	u := &upsd{t: t, run: dir, code: make(chan int, 1), stop: cancel, log: newLogBuffer()}
	args = append([]string{"-config", file, "-run", dir, "-listen", "127.0.0.1:0"}, args...)
	go func() { u.code <- run(ctx, args, u.log, untightened) }()
	t.Cleanup(func() {
		cancel()
		select {
		case code := <-u.code:
			if code != 0 {
				t.Errorf("exit code %d\n%s", code, u.log)
			}
		case <-time.After(patience):
			t.Errorf("does not end\n%s", u.log)
		}
	})
	u.addr = u.log.find(t, `msg=listening addr=(\S+)`)
	return u
}

// driver serves a store as the named UPS's driver until the returned function is called.
func (u *upsd) driver(name, upsName string, store *ups.Store) (stop func()) {
	u.t.Helper()
	ln, err := driversock.Listen(driversock.Path(u.run, name, upsName))
	if err != nil {
		u.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		done <- driversock.Serve(ctx, ln, store, nil, driversock.ServeOptions{Logger: slog.New(slog.DiscardHandler)})
	}()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			u.t.Error(err)
		}
	})
	u.t.Cleanup(stop)
	return stop
}

func storeOf(status string) *ups.Store {
	s := ups.NewStore()
	s.Set(ups.NewSnapshot(map[string]ups.Var{"ups.status": {Value: status}}, nil, ups.Fresh, time.Now()))
	return s
}

func (u *upsd) ask(request string) string {
	u.t.Helper()
	conn, err := net.Dial("tcp", u.addr)
	if err != nil {
		u.t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(patience))
	if _, err := io.WriteString(conn, request+"\nLOGOUT\n"); err != nil {
		u.t.Fatal(err)
	}
	all, err := io.ReadAll(conn)
	if err != nil {
		u.t.Fatal(err)
	}
	return strings.TrimSuffix(string(all), "OK Goodbye\n")
}

// client is one connection.
type client struct {
	t    *testing.T
	conn net.Conn
	in   *bufio.Reader
}

func (u *upsd) dial() *client {
	u.t.Helper()
	conn, err := net.Dial("tcp", u.addr)
	if err != nil {
		u.t.Fatal(err)
	}
	u.t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(2 * patience))
	return &client{u.t, conn, bufio.NewReader(conn)}
}

func (c *client) say(text string) {
	c.t.Helper()
	if _, err := io.WriteString(c.conn, text); err != nil {
		c.t.Fatal(err)
	}
}

func (c *client) line() string {
	c.t.Helper()
	line, err := c.in.ReadString('\n')
	if err != nil {
		c.t.Fatal(err)
	}
	return line
}

func (c *client) expect(lines string) {
	c.t.Helper()
	for want := range strings.Lines(lines) {
		if got := c.line(); got != want {
			c.t.Fatalf("got %q, want %q", got, want)
		}
	}
}

// expect asks until the answer is want.
func (u *upsd) expect(request, want string) {
	u.t.Helper()
	got := ""
	for begin := time.Now(); time.Since(begin) < patience; time.Sleep(time.Millisecond) {
		if got = u.ask(request); got == want {
			return
		}
	}
	u.t.Fatalf("%s: %q, want %q\n%s", request, got, want, u.log.String())
}

// logBuffer collects log lines and lets a test wait for one.
type logBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
	more chan struct{}
}

func newLogBuffer() *logBuffer { return &logBuffer{more: make(chan struct{}, 1)} }

func (l *logBuffer) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text.Write(b)
	select {
	case l.more <- struct{}{}:
	default:
	}
	return len(b), nil
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// find waits for a line that matches and returns its first group.
func (l *logBuffer) find(t *testing.T, pattern string) string {
	t.Helper()
	re := regexp.MustCompile(pattern)
	timeout := time.After(patience)
	for {
		if m := re.FindStringSubmatch(l.String()); m != nil {
			return m[1]
		}
		select {
		case <-l.more:
		case <-timeout:
			t.Fatalf("no %s in the log:\n%s", pattern, l)
		}
	}
}
