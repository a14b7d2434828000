package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/upscard/upscard/services/driversock"
	"github.com/upscard/upscard/services/ups"
)

// patience is how long a test waits for what must happen, however slow the machine.
const patience = 30 * time.Second

func untightened(string) error { return nil }

// card is an upsd that shows one UPS by a feed and takes commands by a control socket, and the state directory of an upsmon.
type card struct {
	t     *testing.T
	dir   string
	store *ups.Store
	more  string // configuration

	mu     sync.Mutex
	vars   map[string]string
	fresh  ups.Freshness
	heard  []string
	silent bool // commands are taken and not answered
}

func newCard(t *testing.T) *card {
	dir, err := os.MkdirTemp("", "upsmon")
	if err != nil {
		t.Fatal(err)
	}
	c := &card{t: t, dir: dir, store: ups.NewStore(), fresh: ups.Fresh, vars: map[string]string{
		"ups.status": "OL", "server.fsd": "no", "server.numlogins": "1", "ups.timer.shutdown": "-1", "ups.delay.shutdown": "1"}}
	if err := os.Mkdir(filepath.Join(dir, "nut"), 0o755); err != nil {
		t.Fatal(err)
	}
	c.set("ups.status", "OL")
	ln, err := driversock.Listen(filepath.Join(dir, "nut", "feed-ups"))
	if err != nil {
		t.Fatal(err)
	}
	control, err := net.Listen("unix", filepath.Join(dir, "nut", "control"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		_ = driversock.Serve(ctx, ln, c.store, nil, driversock.ServeOptions{Logger: slog.New(slog.DiscardHandler)})
	})
	running.Go(func() { c.serve(control) })
	t.Cleanup(func() {
		cancel()
		control.Close()
		running.Wait()
		os.RemoveAll(dir)
	})
	return c
}

// set changes variables, given as name and value in turn.
func (c *card) set(pairs ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := 0; i < len(pairs); i += 2 {
		c.vars[pairs[i]] = pairs[i+1]
	}
	vars := make(map[string]ups.Var)
	for name, value := range c.vars {
		if name == "ups.status" && c.vars["server.fsd"] == "yes" {
			value = "FSD " + value
		}
		vars[name] = ups.Var{Value: value}
	}
	c.store.Set(ups.NewSnapshot(vars, []string{"shutdown.return"}, c.fresh, time.Now()))
}

func (c *card) serve(ln net.Listener) {
	for {
		conn, err := ln.Accept()
		if err != nil {
			return
		}
		lines := bufio.NewScanner(conn)
		for lines.Scan() {
			if answer := c.answer(lines.Text()); answer != "" {
				fmt.Fprintln(conn, answer)
			}
		}
		conn.Close()
	}
}

func (c *card) answer(line string) string {
	c.mu.Lock()
	if c.silent {
		c.mu.Unlock()
		return ""
	}
	if line != "SET TRACKING ON" {
		c.heard = append(c.heard, line)
	}
	c.mu.Unlock()
	switch {
	case line == "FSD ups":
		if journal, err := os.ReadFile(filepath.Join(c.dir, "state", "journal")); err != nil || !bytes.Contains(journal, []byte(`"Stage":"fsd"`)) {
			c.t.Errorf("FSD before it is in the journal: %s, %v", journal, err)
		}
		c.set("server.fsd", "yes")
		return "OK FSD-SET"
	case line == "SET VAR ups server.fsd no":
		c.set("server.fsd", "no")
	case strings.HasPrefix(line, "INSTCMD"):
		c.set("ups.timer.shutdown", "1")
	}
	return "OK"
}

func (c *card) commands() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.heard)
}

// start runs an upsmon until stop is called.
func (c *card) start() (log *logBuffer, stop func()) {
	config := filepath.Join(c.dir, "upscard.toml")
	if err := os.WriteFile(config, []byte("[monitor]\nhostsync = 600\nfinaldelay = 0\n"+c.more), 0o600); err != nil {
		c.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	log = new(logBuffer)
	done := make(chan int, 1)
	go func() {
		done <- run(ctx, []string{"-config", config, "-run", c.dir, "-state", filepath.Join(c.dir, "state")}, log, untightened)
	}()
	stop = sync.OnceFunc(func() {
		cancel()
		if code := <-done; code != 0 {
			c.t.Errorf("exit code %d", code)
		}
	})
	c.t.Cleanup(stop)
	return log, stop
}

// until waits for a condition.
func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !holds(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s: not after %v", what, patience)
		}
	}
}

type logBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *logBuffer) has(text string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return strings.Contains(b.buf.String(), text)
}

// TestOutage: a whole outage, upsmon being started again at every stage.
func TestOutage(t *testing.T) {
	c := newCard(t)
	log, stop := c.start()
	again := func() {
		stop()
		log, stop = c.start()
	}
	until(t, "what is in force", func() bool { return log.has("switches its load off until the mains are back") })
	c.set("ups.status", "OB DISCHRG")
	until(t, "ONBATT", func() bool { return log.has("event=ONBATT") })
	again()
	c.set("ups.status", "OB DISCHRG LB")
	until(t, "FSD", func() bool { return len(c.commands()) == 1 })
	until(t, "FSD told", func() bool { return log.has("event=FSD") })
	again()
	until(t, "resumed", func() bool { return log.has("forced shutdown goes on") })
	c.set("server.numlogins", "0")
	until(t, "off", func() bool { return slices.Contains(c.commands(), "INSTCMD ups shutdown.return") })
	again()
	c.set("ups.status", "OFF OB", "ups.timer.shutdown", "-1")
	until(t, "OFF", func() bool { return log.has("event=OFF") })
	again()
	c.set("ups.status", "OL")
	until(t, "the end", func() bool { return log.has("event=FSDEND") })
	want := []string{"FSD ups", "INSTCMD ups shutdown.return", "SET VAR ups server.fsd no"}
	if got := slices.Compact(c.commands()); !slices.Equal(got, want) {
		t.Errorf("commands %q, want %q", got, want)
	}
}

// TestShortLoss: a feed that goes stale for a moment is no news.
func TestShortLoss(t *testing.T) {
	c := newCard(t)
	log, _ := c.start()
	c.set("ups.status", "OB")
	until(t, "ONBATT", func() bool { return log.has("event=ONBATT") })
	c.fresh = ups.Stale
	c.set()
	c.fresh = ups.Fresh
	c.set("ups.status", "OL")
	until(t, "ONLINE", func() bool { return log.has("event=ONLINE") })
	if log.has("COMMBAD") {
		t.Error("a moment's silence is told")
	}
}

// TestEventsAreTold: by syslog, in their order, over restarts.
func TestEventsAreTold(t *testing.T) {
	server, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	c := newCard(t)
	c.more = "[notify.log]\ntype = 'syslog'\nserver = '" + server.LocalAddr().String() + "'\n"
	want := func(kind string, seq int) {
		t.Helper()
		if err := server.SetReadDeadline(time.Now().Add(patience)); err != nil {
			t.Fatal(err)
		}
		buf := make([]byte, 2000)
		n, _, err := server.ReadFrom(buf)
		if text := fmt.Sprintf("upsmon - %s [meta sequenceId=\"%d\"] UPS ups", kind, seq); err != nil || !strings.Contains(string(buf[:n]), text) {
			t.Fatalf("got %q, %v; want %s", buf[:n], err, text)
		}
	}
	_, stop := c.start()
	c.set("ups.status", "OB")
	want("ONBATT", 1)
	c.set("ups.status", "OL")
	want("ONLINE", 2)
	stop()
	c.set("ups.status", "OB")
	c.start()
	want("ONBATT", 3)
}
