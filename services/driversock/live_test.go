package driversock_test

import (
	"context"
	"log/slog"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/upscard/upscard/services/driversock"
	"github.com/upscard/upscard/services/nut/nuttest"
	"github.com/upscard/upscard/services/ups"
)

// TestFollowDummyUPS follows a driver of NUT's.
func TestFollowDummyUPS(t *testing.T) {
	t.Parallel()
	bench := nuttest.New(t)
	process := bench.DummyUPS("ups", "ups.status: OL\nbattery.charge: 90\nups.model: Model #1\nups.id: here\n")
	store := ups.NewStore()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	followed := make(chan error, 1)
	path := driversock.Path(bench.Dir, "dummy-ups", "ups")
	go func() {
		followed <- driversock.Follow(ctx, path, store, driversock.FollowOptions{Logger: slog.New(slog.DiscardHandler)})
	}()
	s := waitFor(ctx, t, store, func(s *ups.Snapshot) bool { return s.Freshness() == ups.Fresh })
	if s.Value("ups.status") != "OL" || s.Value("battery.charge") != "90" {
		t.Errorf("got %q %q", s.Value("ups.status"), s.Value("battery.charge"))
	}
	if v, _ := s.Var("ups.id"); v.Flags&ups.RW == 0 || v.Flags&ups.String == 0 {
		t.Errorf("ups.id: %+v", v)
	}
	if err := process.Kill(); err != nil {
		t.Fatal(err)
	}
	waitFor(ctx, t, store, func(s *ups.Snapshot) bool { return s.Freshness() == ups.Absent })
	cancel()
	if err := <-followed; err != nil {
		t.Error(err)
	}
}

// TestOrderDummyUPS gives orders to a driver of NUT's, and kills it in the middle of one.
func TestOrderDummyUPS(t *testing.T) {
	t.Parallel()
	bench := nuttest.New(t)
	process := bench.DummyUPS("ups", "ups.status: OL\nups.id: here\n")
	store, orders := ups.NewStore(), new(driversock.Orders)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	followed := make(chan error, 1)
	path := driversock.Path(bench.Dir, "dummy-ups", "ups")
	go func() {
		opts := driversock.FollowOptions{Logger: slog.New(slog.DiscardHandler), Orders: orders}
		followed <- driversock.Follow(ctx, path, store, opts)
	}()
	waitFor(ctx, t, store, func(s *ups.Snapshot) bool { return s.Freshness() == ups.Fresh })

	results := make(chan ups.Result, 1)
	give := func(order ups.Order) {
		t.Helper()
		if err := orders.Give(order, func(r ups.Result) { results <- r }); err != nil {
			t.Fatal(err)
		}
	}
	const value = "Data room 2" // NUT's drivers escape nothing in what they tell of changes
	for _, tt := range []struct {
		order ups.Order
		want  ups.Result
	}{
		{ups.Order{Set: true, Name: "ups.id", Value: value}, ups.Handled},
		{ups.Order{Set: true, Name: "ups.status", Value: "OL CHRG"}, ups.Handled},
		{ups.Order{Name: "load.off"}, ups.Unknown}, // which it offers all the same
		{ups.Order{Name: "no.such", Value: "1 2"}, ups.Unknown},
	} {
		tt.order.ID = tt.order.Name + "-1"
		give(tt.order)
		if got := <-results; got != tt.want {
			t.Errorf("%+v: %v, want %v", tt.order, got, tt.want)
		}
	}
	waitFor(ctx, t, store, func(s *ups.Snapshot) bool { return s.Value("ups.id") == value && s.Value("ups.status") == "OL CHRG" })

	if err := process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	give(ups.Order{ID: "last", Set: true, Name: "ups.id", Value: "never"})
	if err := process.Kill(); err != nil {
		t.Fatal(err)
	}
	if got := <-results; got != ups.Failed {
		t.Errorf("killed in the middle: %v", got)
	}
	cancel()
	if err := <-followed; err != nil {
		t.Error(err)
	}
}

func waitFor(ctx context.Context, t *testing.T, store *ups.Store, ok func(*ups.Snapshot) bool) *ups.Snapshot {
	t.Helper()
	var last *ups.Snapshot
	for {
		s, err := store.Wait(ctx, last)
		if err != nil {
			t.Fatalf("still %v: %v", last.Freshness(), err)
		}
		if ok(s) {
			return s
		}
		last = s
	}
}

// TestNUTServesUs lets NUT's upsd serve our driver's end.
func TestNUTServesUs(t *testing.T) {
	t.Parallel()
	nuttest.Program(t, "upsd")
	bench := nuttest.New(t)
	bench.Configure("ups", "usbhid-ups", "port = auto")
	ln, err := driversock.Listen(driversock.Path(bench.Dir, "usbhid-ups", "ups"))
	if err != nil {
		t.Fatal(err)
	}
	store := ups.NewStore()
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() {
		served <- driversock.Serve(ctx, ln, store, nil, driversock.ServeOptions{Logger: slog.New(slog.DiscardHandler)})
	}()
	defer func() {
		cancel()
		if err := <-served; err != nil {
			t.Error(err)
		}
	}()
	addr := bench.Upsd("")

	expect(t, addr, "ERR DATA-STALE\n", "GET VAR ups ups.status")
	set := func(f ups.Freshness, status string) {
		vars := map[string]ups.Var{
			"ups.status": {Value: status},
			"ups.id":     {Value: `say "hi" \ #1`, Flags: ups.RW | ups.String, MaxLen: 9},
			"ups.delay":  {Value: "20", Flags: ups.RW | ups.Number, Ranges: []ups.Range{{Min: 1, Max: 9}}},
			"ups.mode":   {Value: "b", Flags: ups.RW, Enum: []string{"a", "b c"}},
		}
		store.Set(ups.NewSnapshot(vars, []string{"beeper.mute"}, f, time.Now()))
	}
	set(ups.Fresh, "OL CHRG")
	expect(t, addr, "VAR ups ups.status \"OL CHRG\"\n", "GET VAR ups ups.status")
	expect(t, addr, `VAR ups ups.id "say \"hi\" \\ \#1"`+"\n", "GET VAR ups ups.id")
	expect(t, addr, "TYPE ups ups.id RW STRING:9\n", "GET TYPE ups ups.id")
	expect(t, addr, "BEGIN LIST RANGE ups ups.delay\nRANGE ups ups.delay \"1\" \"9\"\nEND LIST RANGE ups ups.delay\n",
		"LIST RANGE ups ups.delay")
	expect(t, addr, "BEGIN LIST ENUM ups ups.mode\nENUM ups ups.mode \"a\"\nENUM ups ups.mode \"b c\"\nEND LIST ENUM ups ups.mode\n",
		"LIST ENUM ups ups.mode")
	expect(t, addr, "BEGIN LIST CMD ups\nCMD ups beeper.mute\nEND LIST CMD ups\n", "LIST CMD ups")
	set(ups.Fresh, "OB DISCHRG")
	expect(t, addr, "VAR ups ups.status \"OB DISCHRG\"\n", "GET VAR ups ups.status")
	set(ups.Stale, "OB DISCHRG")
	expect(t, addr, "ERR DATA-STALE\n", "GET VAR ups ups.status")
	set(ups.Fresh, "OL")
	expect(t, addr, "VAR ups ups.status \"OL\"\n", "GET VAR ups ups.status")
}

// expect asks until the answer is want, since upsd takes a moment to read what we wrote.
func expect(t *testing.T, addr, want, request string) {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(10 * time.Second))
	buf := make([]byte, 4096)
	got := ""
	for range 200 {
		if _, err := conn.Write([]byte(request + "\n")); err != nil {
			t.Fatal(err)
		}
		got = ""
		for strings.Count(got, "\n") < strings.Count(want, "\n") && !strings.HasPrefix(got, "ERR") {
			n, err := conn.Read(buf)
			if err != nil {
				t.Fatalf("%s: %q, %v; want %q", request, got, err, want)
			}
			got += string(buf[:n])
		}
		if got == want {
			return
		}
		time.Sleep(25 * time.Millisecond)
	}
	t.Errorf("%s: %q, want %q", request, got, want)
}
