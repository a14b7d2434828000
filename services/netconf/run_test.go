package netconf

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
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

	failures int // of setStatic, to come
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

func (f *fakeWorld) setRoutes(Link, Lease, int) error { return errors.New("said, and gone on") }

func (f *fakeWorld) setStatic(l Link, p Plan, _ int) error {
	f.note("fix %s %v", l.Name, p.Addresses)
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.failures > 0 {
		f.failures--
		return errors.New("not allowed")
	}
	return nil
}

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
	downEth = Link{Name: "eth0", Index: 2}
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
	dhcp, fixed, both := Plan{DHCP: true}, Plan{Addresses: prefixes("10.0.0.5/24")}, Plan{DHCP: true, Addresses: prefixes("2001:db8::5/64")}
	const a, b = "lease 10.0.0.2/24", "lease 10.0.0.3/24"
	stories := []struct {
		name    string
		plan    Plan
		answers []string
		events  []event
	}{
		{"from nothing to a lease and its renewal", dhcp, []string{a, a}, []event{
			{time.Minute, nil, ""}, {0, &Link{Name: "eth0", Index: 2}, ""}, {0, &eth0, "acquire, configure eth0 10.0.0.2/24"},
			{4 * time.Minute, nil, "renew, configure eth0 10.0.0.2/24"}}},
		{"the lease ends", dhcp, []string{a, "fail", "fail", "fail", "fail", "fail"}, []event{
			{0, &eth0, "acquire, configure eth0 10.0.0.2/24"}, {478 * time.Second, nil, "renew, renew, renew, rebind, rebind"},
			{2 * time.Second, nil, "clear eth0, acquire"}}},
		{"refused", dhcp, []string{a, "refuse", b}, []event{
			{0, &eth0, "acquire, configure eth0 10.0.0.2/24"}, {4 * time.Minute, nil, "renew, clear eth0"},
			{time.Second, nil, "acquire, configure eth0 10.0.0.3/24"}}},
		{"the kernel does not take the address", dhcp, []string{"lease 10.0.0.9/24", a}, []event{
			{0, &eth0, "acquire, configure eth0 10.0.0.9/24"}, {time.Second, nil, "acquire, configure eth0 10.0.0.2/24"}}},
		{"a link loss ends an exchange", dhcp, []string{"hang", a}, []event{
			{0, &eth0, "acquire"}, {time.Minute, &loose, ""}, {time.Minute, &flicker, "acquire, configure eth0 10.0.0.2/24"}}},
		{"a loss that nobody saw", dhcp, []string{a, a}, []event{
			{0, &eth0, "acquire, configure eth0 10.0.0.2/24"}, {time.Minute, &flicker, "confirm, configure eth0 10.0.0.2/24"}}},
		{"another interface", dhcp, []string{a, b}, []event{
			{0, &eth0, "acquire, configure eth0 10.0.0.2/24"}, {time.Minute, &eth1, "clear eth0, acquire, configure eth1 10.0.0.3/24"}}},
		{"the interface is gone", dhcp, []string{a}, []event{
			{0, &eth0, "acquire, configure eth0 10.0.0.2/24"}, {time.Minute, &Link{}, "clear eth0"}, {time.Hour, nil, ""}}},
		{"static addresses, again when the link was away", fixed, nil, []event{
			{0, &downEth, ""}, {0, &eth0, "fix eth0 [10.0.0.5/24]"}, {time.Hour, nil, ""}, {0, &loose, "fix eth0 [10.0.0.5/24]"},
			{time.Hour, &flicker, "fix eth0 [10.0.0.5/24]"}, {time.Hour, &Link{}, ""}}},
		{"static IPv6 besides DHCP", both, []string{a}, []event{
			{0, &eth0, "fix eth0 [2001:db8::5/64], acquire, configure eth0 10.0.0.2/24"}}},
	}
	for _, story := range stories {
		dir := t.TempDir()
		t.Run(story.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fakeWorld{changed: make(chan struct{}), answers: story.answers}
				stop := startRunner(t, f, story.plan, dir)
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
func startRunner(t *testing.T, f *fakeWorld, plan Plan, dir string) (stop func()) {
	r := &runner{links: f, system: f, exchange: f.exchange, logger: slog.New(slog.DiscardHandler),
		plan: plan, resolver: &resolver{dir: dir}, configured: func() {}}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		r.run(ctx)
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
		stop := startRunner(t, f, Plan{DHCP: true}, dir)
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

func prefixes(texts ...string) (list []netip.Prefix) {
	for _, text := range texts {
		list = append(list, netip.MustParsePrefix(text))
	}
	return list
}

func TestStaticAddressIsTriedAgain(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		f := &fakeWorld{changed: make(chan struct{}), link: eth0, failures: 2}
		defer startRunner(t, f, Plan{Addresses: prefixes("10.0.0.5/24")}, dir)()
		time.Sleep(time.Minute)
		synctest.Wait()
		const fix = "fix eth0 [10.0.0.5/24]"
		if got := f.done(); got != fix+", "+fix+", "+fix {
			t.Errorf("did %q", got)
		}
	})
}

func TestResolverOrdersServers(t *testing.T) {
	addr := netip.MustParseAddr
	r := resolver{dir: t.TempDir(), fixed: []netip.Addr{addr("9.9.9.9")}}
	lease := func(domain string, dns ...netip.Addr) Lease {
		return Lease{Duration: time.Hour, Domain: domain, DNS: dns}
	}
	for _, step := range []struct {
		rank  int
		lease Lease
		want  string
	}{
		{0, Lease{}, "nameserver 9.9.9.9\n"},
		{2001, lease("b", addr("10.0.0.2"), addr("9.9.9.9")), "search b\nnameserver 9.9.9.9\nnameserver 10.0.0.2\n"},
		{1001, lease("a", addr("10.0.0.1")), "search a b\nnameserver 9.9.9.9\nnameserver 10.0.0.1\nnameserver 10.0.0.2\n"},
		{1001, lease("b", addr("10.0.0.1"), addr("10.0.0.3")), "search b\nnameserver 9.9.9.9\nnameserver 10.0.0.1\nnameserver 10.0.0.3\n"},
		{1001, Lease{}, "search b\nnameserver 9.9.9.9\nnameserver 10.0.0.2\n"},
	} {
		if err := r.set(step.rank, step.lease); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(filepath.Join(r.dir, "resolv.conf")); err != nil || string(got) != step.want {
			t.Errorf("got %q, %v, want %q", got, err, step.want)
		}
	}
}
