package main

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/upscard/upscard/services/driversock"
	"github.com/upscard/upscard/services/nut/nuttest"
	"github.com/upscard/upscard/services/ups"
	"golang.org/x/sys/unix"
)

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
	go func() { u.code <- run(ctx, args, u.log) }()
	t.Cleanup(func() {
		cancel()
		begin := time.Now()
		if code := <-u.code; code != 0 || time.Since(begin) > time.Second {
			t.Errorf("exit code %d after %v\n%s", code, time.Since(begin), u.log.String())
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
	conn.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := io.WriteString(conn, request+"\nLOGOUT\n"); err != nil {
		u.t.Fatal(err)
	}
	all, err := io.ReadAll(conn)
	if err != nil {
		u.t.Fatal(err)
	}
	return strings.TrimSuffix(string(all), "OK Goodbye\n")
}

// expect asks until the answer is want and returns how long that took.
func (u *upsd) expect(request, want string) time.Duration {
	u.t.Helper()
	begin := time.Now()
	got := ""
	for time.Since(begin) < 10*time.Second {
		if got = u.ask(request); got == want {
			return time.Since(begin)
		}
		time.Sleep(time.Millisecond)
	}
	u.t.Fatalf("%s: %q, want %q\n%s", request, got, want, u.log.String())
	return 0
}

func TestDriverComesAndGoes(t *testing.T) {
	const status = "GET VAR ups ups.status"
	u := start(t, "")
	if got := u.ask(status); got != "ERR DRIVER-NOT-CONNECTED\n" {
		t.Errorf("before any driver: %q", got)
	}
	if got := u.ask("LIST UPS"); got != "BEGIN LIST UPS\nUPS ups \"Description unavailable\"\nEND LIST UPS\n" {
		t.Errorf("%q", got)
	}
	time.Sleep(50 * time.Millisecond) // let upsd be idle
	store := storeOf("OL")
	stop := u.driver("usbhid-ups", "ups", store)
	if took := u.expect(status, "VAR ups ups.status \"OL\"\n"); took > 500*time.Millisecond {
		t.Errorf("connected after %v", took)
	}
	store.Set(storeOf("OB").Get())
	u.expect(status, "VAR ups ups.status \"OB\"\n")
	store.Set(store.Get().With(ups.Stale))
	u.expect(status, "ERR DATA-STALE\n")
	store.Set(store.Get().With(ups.Fresh))
	u.expect(status, "VAR ups ups.status \"OB\"\n")
	stop()
	u.expect(status, "ERR DATA-STALE\n")
	stop = u.driver("usbhid-ups", "ups", storeOf("OL CHRG"))
	if took := u.expect(status, "VAR ups ups.status \"OL CHRG\"\n"); took > 500*time.Millisecond {
		t.Errorf("connected again after %v", took)
	}
	u.driver("dummy-ups", "ups", storeOf("OL BYPASS"))
	u.expect(status, "VAR ups ups.status \"OL BYPASS\"\n")
	stop()
	u.expect(status, "VAR ups ups.status \"OL BYPASS\"\n")
}

func TestUPSesAppear(t *testing.T) {
	u := start(t, "[ups.rack]\ndesc = \"In the rack\"\n[ups.desk]\n")
	u.driver("nutdrv_qx", "attic", storeOf("OL"))
	u.driver("usbhid-ups", "desk", storeOf("OB"))
	u.expect("GET VAR attic ups.status", "VAR attic ups.status \"OL\"\n")
	u.expect("GET VAR desk ups.status", "VAR desk ups.status \"OB\"\n")
	if err := os.WriteFile(filepath.Join(u.run, "nut", "dummy-ups-file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	u.driver("feed", "rack", storeOf("OL"))
	want := "BEGIN LIST UPS\nUPS rack \"In the rack\"\nUPS desk \"Description unavailable\"\n" +
		"UPS attic \"Description unavailable\"\nEND LIST UPS\n"
	if got := u.ask("LIST UPS\nGET VAR rack ups.status"); got != want+"ERR DRIVER-NOT-CONNECTED\n" {
		t.Errorf("%q", got)
	}
}

// TestStartsAfterDrivers: sockets that are there already are followed, those of dead drivers too.
func TestStartsAfterDrivers(t *testing.T) {
	u := start(t, "")
	u.stop()
	first := <-u.code
	u.code <- first
	u.driver("usbhid-ups", "ups", storeOf("OL"))
	ln, err := driversock.Listen(driversock.Path(u.run, "usbhid-ups", "dead"))
	if err != nil {
		t.Fatal(err)
	}
	ln.SetUnlinkOnClose(false)
	ln.Close()

	again := start(t, "", "-run", u.run)
	again.expect("GET VAR ups ups.status", "VAR ups ups.status \"OL\"\n")
	again.expect("GET VAR dead ups.status", "ERR DRIVER-NOT-CONNECTED\n")
}

func TestLogin(t *testing.T) {
	u := start(t, "[users.mon]\npassword = \"very secret\"\nupsmon = \"secondary\"\n")
	if got := u.ask("USERNAME mon\nPASSWORD \"very secret\"\nLOGIN ups"); got != "OK\nOK\nOK\n" {
		t.Errorf("%q", got)
	}
	if got := u.ask("USERNAME mon\nPASSWORD verysecret\nLOGIN ups"); got != "OK\nOK\nERR ACCESS-DENIED\n" {
		t.Errorf("%q", got)
	}
	u.log.find(t, `login refused" user=(mon) addr=127.0.0.1`)
	if strings.Contains(u.log.String(), "secret") {
		t.Error("a password is in the log")
	}
}

func TestReady(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	fd, err := unix.Dup(int(w.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	w.Close()
	start(t, "", "-ready", strconv.Itoa(fd))
	if b, err := io.ReadAll(r); err != nil || string(b) != "READY\n" {
		t.Errorf("%q, %v", b, err)
	}
}

func TestExitCodes(t *testing.T) {
	dir := t.TempDir()
	bad := filepath.Join(dir, "bad.toml")
	if err := os.WriteFile(bad, []byte("listne = []\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	tests := []struct {
		args []string
		code int
		want string
	}{
		{[]string{"-config", bad}, 1, "bad.toml:1:1"},
		{[]string{"-config", dir}, 1, dir},
		{[]string{"-config", filepath.Join(dir, "none"), "-run", dir, "-listen", taken.Addr().String()}, 1, "in use"},
		{[]string{"-config", filepath.Join(dir, "none"), "-run", bad, "-listen", "127.0.0.1:0"}, 1, bad},
		{[]string{"-novelty"}, 2, "novelty"},
		{[]string{"stray"}, 2, "stray"},
		{[]string{"-h"}, 0, "-listen"},
	}
	for _, tt := range tests {
		var stderr bytes.Buffer
		if code := run(context.Background(), tt.args, &stderr); code != tt.code || !strings.Contains(stderr.String(), tt.want) {
			t.Errorf("%q: code %d, %s", tt.args, code, &stderr)
		}
	}
}

// TestUpsc lets Debian's upsc and a driver of NUT's talk through us.
func TestUpsc(t *testing.T) {
	nuttest.Program(t, "upsc")
	u := start(t, "[ups.ups]\ndesc = \"Under the desk\"\n")
	if got, err := nuttest.Upsc(t, "-L", u.addr); err != nil || got != "ups: Under the desk\n" {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := nuttest.Upsc(t, "ups@"+u.addr); err == nil || !strings.Contains(err.Error(), "Driver not connected") {
		t.Error(err)
	}
	u.driver("usbhid-ups", "ups", storeOf("OL"))
	u.expect("GET VAR ups ups.status", "VAR ups ups.status \"OL\"\n")
	if got, err := nuttest.Upsc(t, "ups@"+u.addr); err != nil || got != "ups.status: OL\n" {
		t.Errorf("%q, %v", got, err)
	}

	bench := nuttest.New(t)
	bench.DummyUPS("dum", "ups.status: OL\nups.model: A #1\nbattery.charge: 77\n")
	v := start(t, "", "-run", bench.Dir)
	v.expect("GET VAR dum ups.status", "VAR dum ups.status \"OL\"\n")
	got, err := nuttest.Upsc(t, "dum@"+v.addr)
	if err != nil || !strings.Contains(got, "battery.charge: 77\n") || !strings.Contains(got, "driver.name: dummy-ups\n") {
		t.Errorf("%s%v", got, err)
	}
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
	timeout := time.After(10 * time.Second)
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
