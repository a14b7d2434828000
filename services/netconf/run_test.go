package netconf

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// fakeWorld is the kernel and the DHCP server of a runner: it writes down what is asked of it.
type fakeWorld struct {
	mu      sync.Mutex
	link    Link
	changed chan struct{}
	answers []string // to each exchange in turn: "lease ADDRESS", "refuse", "fail", "hang"
	log     []string
}

var (
	_ links  = (*fakeWorld)(nil)
	_ system = (*fakeWorld)(nil)
)

func (f *fakeWorld) note(format string, args ...any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.log = append(f.log, fmt.Sprintf(format, args...))
}

// done is what was asked since the last time.
func (f *fakeWorld) done() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	all := strings.Join(f.log, ", ")
	f.log = nil
	return all
}

func (f *fakeWorld) current() (Link, <-chan struct{}) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.link, f.changed
}

func (f *fakeWorld) set(l Link) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.link = l
	close(f.changed)
	f.changed = make(chan struct{})
}

func (f *fakeWorld) clear(l Link) error { f.note("clear %s", l.Name); return nil }

func (f *fakeWorld) setAddress(l Link, lease Lease, _ time.Time) error {
	f.note("configure %s %v", l.Name, lease.Address)
	if lease.Address.Addr() == unsettable {
		return errors.New("not allowed")
	}
	return nil
}

func (f *fakeWorld) setRoutes(Link, Lease) error { return errors.New("said, and gone on") }

// unsettable is the address that the fake world's kernel does not take.
var unsettable = netip.MustParseAddr("10.0.0.9")

func (f *fakeWorld) exchange(ctx context.Context, _ Link, step Step, _ Lease) (Lease, error) {
	f.note("%s", step)
	f.mu.Lock()
	answer := "hang"
	if len(f.answers) > 0 {
		answer, f.answers = f.answers[0], f.answers[1:]
	}
	f.mu.Unlock()
	switch verb, rest, _ := strings.Cut(answer, " "); verb {
	case "lease":
		return Lease{Address: netip.MustParsePrefix(rest), DNS: []netip.Addr{netip.MustParsePrefix(rest).Addr()}, Acquired: time.Now(),
			T1: 4 * time.Minute, T2: 7 * time.Minute, Duration: 8 * time.Minute}, nil
	case "refuse":
		return Lease{}, errRefused
	case "fail":
		return Lease{}, errors.New("no answer")
	default:
		<-ctx.Done()
		return Lease{}, ctx.Err()
	}
}

var (
	eth0    = Link{Name: "eth0", Index: 2, Up: true, Carrier: true}
	eth1    = Link{Name: "eth1", Index: 3, Up: true, Carrier: true}
	loose   = Link{Name: "eth0", Index: 2, Up: true, Losses: 1}
	flicker = Link{Name: "eth0", Index: 2, Up: true, Carrier: true, Losses: 1}
)

// TestRunner plays stories over a fake world: after each change, what was done since the one before.
func TestRunner(t *testing.T) {
	type event struct {
		after time.Duration
		link  *Link // nil: as it was
		want  string
	}
	const a, b = "lease 10.0.0.2/24", "lease 10.0.0.3/24"
	stories := []struct {
		name    string
		answers []string
		events  []event
	}{
		{"from nothing to a lease and its renewal", []string{a, a}, []event{
			{time.Minute, nil, ""}, {0, &Link{Name: "eth0", Index: 2}, ""}, {0, &eth0, "acquire, configure eth0 10.0.0.2/24"},
			{4 * time.Minute, nil, "renew, configure eth0 10.0.0.2/24"}}},
		{"the lease ends", []string{a, "fail", "fail", "fail", "fail", "fail"}, []event{
			{0, &eth0, "acquire, configure eth0 10.0.0.2/24"}, {478 * time.Second, nil, "renew, renew, renew, rebind, rebind"},
			{2 * time.Second, nil, "clear eth0, acquire"}}},
		{"refused", []string{a, "refuse", b}, []event{
			{0, &eth0, "acquire, configure eth0 10.0.0.2/24"}, {4 * time.Minute, nil, "renew, clear eth0"},
			{time.Second, nil, "acquire, configure eth0 10.0.0.3/24"}}},
		{"the kernel does not take the address", []string{"lease 10.0.0.9/24", a}, []event{
			{0, &eth0, "acquire, configure eth0 10.0.0.9/24"}, {time.Second, nil, "acquire, configure eth0 10.0.0.2/24"}}},
		{"a link loss ends an exchange", []string{"hang", a}, []event{
			{0, &eth0, "acquire"}, {time.Minute, &loose, ""}, {time.Minute, &flicker, "acquire, configure eth0 10.0.0.2/24"}}},
		{"a loss that nobody saw", []string{a, a}, []event{
			{0, &eth0, "acquire, configure eth0 10.0.0.2/24"}, {time.Minute, &flicker, "confirm, configure eth0 10.0.0.2/24"}}},
		{"another interface", []string{a, b}, []event{
			{0, &eth0, "acquire, configure eth0 10.0.0.2/24"}, {time.Minute, &eth1, "clear eth0, acquire, configure eth1 10.0.0.3/24"}}},
		{"the interface is gone", []string{a}, []event{
			{0, &eth0, "acquire, configure eth0 10.0.0.2/24"}, {time.Minute, &Link{}, "clear eth0"}, {time.Hour, nil, ""}}},
	}
	for _, story := range stories {
		dir := t.TempDir()
		t.Run(story.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fakeWorld{changed: make(chan struct{}), answers: story.answers}
				stop := startRunner(t, f, dir)
				defer stop()
				for i, e := range story.events {
					time.Sleep(e.after)
					if e.link != nil {
						f.set(*e.link)
					}
					synctest.Wait()
					if got := f.done(); got != e.want {
						t.Fatalf("event %d: did %q, want %q", i, got, e.want)
					}
				}
			})
		})
	}
}

// startRunner returns what stops it.
func startRunner(t *testing.T, f *fakeWorld, dir string) (stop func()) {
	r := &runner{links: f, system: f, exchange: f.exchange, logger: slog.New(slog.DiscardHandler), dir: dir, configured: func() {}}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for ctx.Err() == nil {
			r.serve(ctx)
		}
	}()
	return func() {
		cancel()
		<-ended
	}
}

func TestResolvConfFollowsTheLease(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "resolv.conf")
	synctest.Test(t, func(t *testing.T) {
		f := &fakeWorld{changed: make(chan struct{}), answers: []string{"lease 10.0.0.2/24"}, link: eth0}
		stop := startRunner(t, f, dir)
		defer stop()
		for _, want := range []string{"nameserver 10.0.0.2\n", ""} {
			synctest.Wait()
			if got, err := os.ReadFile(path); err != nil || string(got) != want {
				t.Errorf("got %q, %v, want %q", got, err, want)
			}
			time.Sleep(10 * time.Minute)
		}
	})
}

func TestChoose(t *testing.T) {
	link := func(index int, carrier bool) Link { return Link{Index: index, Carrier: carrier} }
	tests := []struct {
		candidates []Link
		current    int
		want       int
	}{
		{nil, 0, 0},
		{nil, 2, 0},
		{[]Link{link(2, false), link(3, false)}, 0, 2},
		{[]Link{link(2, false), link(3, true)}, 0, 3},
		{[]Link{link(2, true), link(3, true)}, 3, 3},
		{[]Link{link(2, true), link(3, false)}, 3, 2},
		{[]Link{link(2, false), link(3, false)}, 3, 3},
		{[]Link{link(3, true), link(2, true)}, 9, 2},
	}
	for _, test := range tests {
		if got := choose(test.candidates, test.current).Index; got != test.want {
			t.Errorf("%v, in use %d: got %d, want %d", test.candidates, test.current, got, test.want)
		}
		slices.Reverse(test.candidates)
		if got := choose(test.candidates, test.current).Index; got != test.want {
			t.Errorf("%v, in use %d: got %d, want %d", test.candidates, test.current, got, test.want)
		}
	}
}
