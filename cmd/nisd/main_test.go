package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/upscard/upscard/services/config"
	"github.com/upscard/upscard/services/driversock"
	"github.com/upscard/upscard/services/ups"
)

const patience = 30 * time.Second

// card is a directory with upsd's feeds, and nisd's state.
type card struct {
	t   *testing.T
	dir string // its path is short, as those of sockets must be
}

func newCard(t *testing.T, conf string) *card {
	t.Helper()
	dir, err := os.MkdirTemp("", "nisd")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Mkdir(filepath.Join(dir, "nut"), 0o755); err != nil {
		t.Fatal(err)
	}
	c := &card{t, dir}
	c.configure(conf)
	return c
}

func (c *card) configure(conf string) {
	c.t.Helper()
	if err := os.WriteFile(filepath.Join(c.dir, "conf"), []byte(conf), 0o600); err != nil {
		c.t.Fatal(err)
	}
}

// feed shows a UPS until the test ends, or stop is called.
func (c *card) feed(name string) (store *ups.Store, stop func()) {
	c.t.Helper()
	ln, err := driversock.Listen(filepath.Join(c.dir, "nut", "feed-"+name))
	if err != nil {
		c.t.Fatal(err)
	}
	store = ups.NewStore()
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		_ = driversock.Serve(ctx, ln, store, nil, driversock.ServeOptions{Logger: slog.New(slog.DiscardHandler)})
	})
	stop = func() { cancel(); running.Wait() }
	c.t.Cleanup(stop)
	return store, stop
}

func snap(f ups.Freshness, status string) *ups.Snapshot {
	return ups.NewSnapshot(map[string]ups.Var{"ups.status": {Value: status}, "ups.model": {Value: "m"}, "server.fsd": {Value: "no"}}, nil, f, time.Now())
}

// running is a nisd.
type running struct {
	c    *card
	log  *logBuffer
	stop func() int

	mu     sync.Mutex
	duties []string
}

func (c *card) run(args ...string) *running {
	c.t.Helper()
	r := &running{c: c, log: new(logBuffer)}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan int, 1)
	go func() {
		args := append([]string{"-config", filepath.Join(c.dir, "conf"), "-run", c.dir, "-hostname", "card"}, args...)
		ended <- run(ctx, args, r.log, func(duty string) error {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.duties = append(r.duties, duty)
			return nil
		})
	}()
	r.stop = sync.OnceValue(func() int { cancel(); return <-ended })
	c.t.Cleanup(func() { r.stop() })
	return r
}

func (c *card) kept() string { return filepath.Join(c.dir, "state") }

func await(t *testing.T, what string, so func() bool) {
	t.Helper()
	for limit := time.Now().Add(patience); !so(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatalf("%s: not within %v", what, patience)
		}
	}
}

// addr is where a UPS is served.
func (r *running) addr(name string) string {
	r.c.t.Helper()
	said := regexp.MustCompile(`msg=listening ups=` + name + ` addr=(\S+)`)
	await(r.c.t, name+" is served", func() bool { return said.MatchString(r.log.String()) })
	return said.FindStringSubmatch(r.log.String())[1]
}

// ask returns the records of an answer.
func (r *running) ask(name, request string) string {
	r.c.t.Helper()
	conn, err := net.Dial("tcp", r.addr(name))
	if err != nil {
		r.c.t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(patience))
	if _, err := conn.Write(append([]byte{0, byte(len(request))}, request...)); err != nil {
		r.c.t.Fatal(err)
	}
	in := bufio.NewReader(conn)
	var all []byte
	for {
		var n uint16
		if err := binary.Read(in, binary.BigEndian, &n); err != nil {
			r.c.t.Fatal(err)
		}
		if n == 0 {
			return string(all)
		}
		record := make([]byte, n)
		if _, err := io.ReadFull(in, record); err != nil {
			r.c.t.Fatal(err)
		}
		all = append(all, record...)
	}
}

func (r *running) tells(name, record string) {
	r.c.t.Helper()
	await(r.c.t, record, func() bool { return strings.Contains(r.ask(name, "status"), record) })
}

type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

const loopback = "[nis]\nlisten = [\"127.0.0.1:0\"]\n"

// Nobody is answered before the UPS was read: a slave would learn from the answer that it has no values.
func TestNoAnswerBeforeTheFirstReading(t *testing.T) {
	c := newCard(t, loopback+"ups = [\"one\", \"two\"]\n")
	one, _ := c.feed("one")
	two, _ := c.feed("two")
	one.Set(snap(ups.Fresh, "OL"))
	two.Set(snap(ups.Stale, ""))
	r := c.run()
	r.tells("one", "STATUS   : ONLINE")
	r.mu.Lock()
	if len(r.duties) != 1 {
		t.Errorf("it can make no sockets any more, with one missing: %q", r.duties)
	}
	r.mu.Unlock()
	if strings.Contains(r.log.String(), "msg=listening ups=two") {
		t.Error("a UPS that was never read is served")
	}
	two.Set(snap(ups.Fresh, "OB"))
	r.tells("two", "STATUS   : ONBATT")
	two.Set(snap(ups.Stale, "OB"))
	r.tells("two", "STATUS   : COMMLOST")
	if code := r.stop(); code != 0 || !slices.Equal(r.duties, []string{"nisd", "nisd.serving"}) {
		t.Errorf("exit code %d, duties %q", code, r.duties)
	}
}

// What NUT has no variable for outlives nisd, and an upsd that is started again in an outage does not end it.
func TestHistoryOutlives(t *testing.T) {
	c := newCard(t, loopback)
	store, stop := c.feed("ups")
	store.Set(snap(ups.Fresh, "OL"))
	r := c.run("-state", c.kept())
	r.tells("ups", "NUMXFERS : 0")
	store.Set(snap(ups.Fresh, "OB"))
	r.tells("ups", "NUMXFERS : 1")
	stop()
	r.tells("ups", "STATFLAG : 0x05040110")
	store, _ = c.feed("ups")
	store.Set(snap(ups.Fresh, "OB"))
	r.tells("ups", "STATUS   : ONBATT")
	before := r.ask("ups", "events")
	r.stop()
	c.configure(loopback + "ups = \"other\"\n")
	other, _ := c.feed("other")
	other.Set(snap(ups.Fresh, "OL"))
	r = c.run("-state", c.kept()) // for a while, another UPS is served
	r.tells("other", "NUMXFERS : 0")
	r.stop()
	c.configure(loopback)
	again := c.run("-state", c.kept())
	again.tells("ups", "NUMXFERS : 1")
	after := again.ask("ups", "events")
	if !strings.HasPrefix(after, before) || strings.Count(after, "Power failure.") != 1 || strings.Count(after, "startup succeeded") != 2 {
		t.Errorf("events were\n%sand are\n%s", before, after)
	}
	again.stop()
	if err := os.WriteFile(filepath.Join(c.kept(), "history"), []byte("damaged"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(c.kept(), "history.old")); err != nil {
		t.Fatal(err)
	}
	third := c.run("-state", c.kept())
	third.tells("ups", "NUMXFERS : 1") // the outage goes on, and counts anew
	if !strings.Contains(third.log.String(), "history damaged") {
		t.Errorf("it says\n%s", third.log)
	}
}

// After 6 s on battery that is told by itself.
func TestOnBatteryIsTold(t *testing.T) {
	c := newCard(t, loopback)
	store, _ := c.feed("ups")
	store.Set(snap(ups.Fresh, "OB"))
	r := c.run()
	await(t, "on battery", func() bool { return strings.Contains(r.ask("ups", "events"), "Running on UPS batteries.") })
	r.tells("ups", "STATFLAG : 0x05060010")
}

// A UPS that is lost at the beginning of an outage leaves nisd at rest, and is told of once it is back.
func TestLostAtTheBeginningOfAnOutage(t *testing.T) {
	c := newCard(t, loopback)
	store, _ := c.feed("ups")
	store.Set(snap(ups.Fresh, "OL"))
	r := c.run()
	r.tells("ups", "STATUS   : ONLINE")
	store.Set(snap(ups.Fresh, "OB"))
	r.tells("ups", "STATUS   : ONBATT")
	store.Set(snap(ups.Stale, "OB"))
	r.tells("ups", "STATFLAG : 0x05060110") // 6 s on battery
	if strings.Contains(r.ask("ups", "events"), "Running on") {
		t.Error("an event is told of a UPS that cannot be read")
	}
	store.Set(snap(ups.Fresh, "OB"))
	await(t, "on battery", func() bool { return strings.Contains(r.ask("ups", "events"), "Running on UPS batteries.") })
}

func TestOldFormat(t *testing.T) {
	c := newCard(t, loopback+"format = \"old\"\n")
	store, _ := c.feed("ups")
	store.Set(snap(ups.Fresh, "OL"))
	c.run().tells("ups", "RELEASE  : 3.14.14\n")
}

func TestOff(t *testing.T) {
	c := newCard(t, "[nis]\nenabled = false\n")
	r := c.run()
	await(t, "said", func() bool { return strings.Contains(r.log.String(), "not served") })
	if code := r.stop(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

func TestPorts(t *testing.T) {
	for _, tt := range []struct {
		conf string
		want []door
	}{
		{"", []door{{"ups", ":3551"}}},
		{"[ups.rack]\n[ups.desk]\n", []door{{"rack", ":3551"}}},
		{"[nis]\nups = ['b', 'a', 'c']\n", []door{{"b", ":3551"}, {"a", ":3552"}, {"c", ":3553"}}},
		{"[nis]\nlisten = ['127.0.0.1:4000', '[::1]:5000']\nups = ['b', 'a']\n",
			[]door{{"b", "127.0.0.1:4000"}, {"a", "127.0.0.1:4001"}, {"b", "[::1]:5000"}, {"a", "[::1]:5001"}}},
		{"[nis]\nlisten = [':65535']\nups = ['b', 'a']\n", []door{{"b", ":65535"}}},
	} {
		cfg, err := config.Parse("f", []byte(tt.conf))
		if err != nil {
			t.Fatal(err)
		}
		got, err := ports(cfg, slog.New(slog.DiscardHandler))
		if !slices.Equal(got, tt.want) || err != nil {
			t.Errorf("%q: %v, %v", tt.conf, got, err)
		}
	}
}

func TestFlags(t *testing.T) {
	for args, want := range map[string]int{"-novelty": 2, "-h": 0, "stray": 2} {
		if code := run(t.Context(), []string{args}, io.Discard, func(string) error { return nil }); code != want {
			t.Errorf("%s: exit code %d", args, code)
		}
	}
}
