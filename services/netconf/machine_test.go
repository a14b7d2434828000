package netconf

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"
)

var epoch = time.Unix(1_000_000, 0)

// leaseAt is an eight-minute lease: renewed after four minutes, rebound after seven.
func leaseAt(at time.Duration, address string) Lease {
	return Lease{Address: netip.MustParsePrefix(address), Server: netip.MustParseAddr("10.0.0.1"), Acquired: epoch.Add(at),
		T1: 4 * time.Minute, T2: 7 * time.Minute, Duration: 8 * time.Minute}
}

// TestMachine plays stories: at each time something happens, then the next step is asked for.
func TestMachine(t *testing.T) {
	type event struct {
		at   time.Duration
		what string // "up", "down", "got ADDRESS", "refused", "failed STEP", "": nothing
		want string // the step, or "rest TIME"; "rest" alone is for ever
	}
	const a, b = "10.0.0.2/24", "10.0.0.3/24"
	stories := []struct {
		name   string
		events []event
	}{
		{"no link, nothing to do", []event{{0, "", "rest"}, {time.Hour, "down", "rest"}}},
		{"a lease and its renewal", []event{
			{0, "up", "acquire"}, {0, "got " + a, "rest 4m0s"}, {239 * time.Second, "", "rest 4m0s"},
			{4 * time.Minute, "", "renew"}, {4 * time.Minute, "got " + a, "rest 8m0s"}}},
		{"no server: wait longer each time, a minute at most", []event{
			{0, "up", "acquire"}, {0, "failed acquire", "rest 1s"}, {time.Second, "", "acquire"},
			{time.Second, "failed acquire", "rest 3s"}, {3 * time.Second, "failed acquire", "rest 7s"},
			{7 * time.Second, "failed acquire", "rest 15s"}, {15 * time.Second, "failed acquire", "rest 31s"},
			{31 * time.Second, "failed acquire", "rest 1m3s"}, {63 * time.Second, "failed acquire", "rest 2m3s"},
			{123 * time.Second, "failed acquire", "rest 3m3s"}}},
		{"a link that returns is tried at once", []event{
			{0, "up", "acquire"}, {0, "failed acquire", "rest 1s"}, {0, "failed acquire", "rest 2s"},
			{time.Second, "down", "rest"}, {time.Second, "up", "acquire"}}},
		{"renew, rebind, expire, begin again", []event{
			{0, "up", "acquire"}, {0, "got " + a, "rest 4m0s"}, {4 * time.Minute, "failed renew", "rest 5m30s"},
			{330 * time.Second, "", "renew"}, {330 * time.Second, "failed renew", "rest 6m18s"},
			{378 * time.Second, "failed renew", "rest 7m0s"}, {7 * time.Minute, "", "rebind"},
			{7 * time.Minute, "failed rebind", "rest 7m48s"}, {468 * time.Second, "", "rebind"}, {8 * time.Minute, "", "acquire"},
			{8 * time.Minute, "got " + b, "rest 12m0s"}}},
		{"another server takes over", []event{
			{0, "up", "acquire"}, {0, "got " + a, "rest 4m0s"}, {7 * time.Minute, "", "rebind"}, {7 * time.Minute, "got " + a, "rest 11m0s"}}},
		{"renewal is refused", []event{
			{0, "up", "acquire"}, {0, "got " + a, "rest 4m0s"}, {4 * time.Minute, "refused", "rest 4m1s"}, {241 * time.Second, "", "acquire"},
			{241 * time.Second, "refused", "rest 4m3s"}}},
		{"the cable was out for a moment", []event{
			{0, "up", "acquire"}, {0, "got " + a, "rest 4m0s"}, {time.Minute, "down", "rest 8m0s"}, {2 * time.Minute, "up", "confirm"},
			{2 * time.Minute, "got " + a, "rest 6m0s"}}},
		{"the cable is in another network, whose server says so", []event{
			{0, "up", "acquire"}, {0, "got " + a, "rest 4m0s"}, {time.Minute, "down", "rest 8m0s"}, {time.Minute, "up", "confirm"},
			{time.Minute, "refused", "rest 1m1s"}, {61 * time.Second, "", "acquire"}}},
		{"the cable is in another network, whose server is silent", []event{
			{0, "up", "acquire"}, {0, "got " + a, "rest 4m0s"}, {time.Minute, "down", "rest 8m0s"}, {time.Minute, "up", "confirm"},
			{time.Minute, "failed confirm", "acquire"}, {time.Minute, "got " + b, "rest 5m0s"}}},
		{"the server is away when the cable returns: the lease is kept to its end", []event{
			{0, "up", "acquire"}, {0, "got " + a, "rest 4m0s"}, {time.Minute, "down", "rest 8m0s"}, {time.Minute, "up", "confirm"},
			{time.Minute, "failed confirm", "acquire"}, {time.Minute, "failed acquire", "rest 1m1s"},
			{479500 * time.Millisecond, "failed acquire", "rest 8m0s"}, {8 * time.Minute, "", "rest 8m1.5s"}, {482 * time.Second, "", "acquire"}}},
		{"the lease ends without a link", []event{
			{0, "up", "acquire"}, {0, "got " + a, "rest 4m0s"}, {time.Minute, "down", "rest 8m0s"}, {9 * time.Minute, "", "rest"},
			{10 * time.Minute, "up", "acquire"}}},
	}
	for _, story := range stories {
		t.Run(story.name, func(t *testing.T) {
			var m Machine
			for _, e := range story.events {
				now := epoch.Add(e.at)
				happen(&m, e.what, e.at)
				step, until := m.Next(now)
				got := step.String()
				if !until.IsZero() {
					got += fmt.Sprint(" ", until.Sub(epoch))
				}
				if got != e.want {
					t.Fatalf("at %v, %q: next is %q, want %q", e.at, e.what, got, e.want)
				}
			}
		})
	}
}

func happen(m *Machine, what string, at time.Duration) {
	now := epoch.Add(at)
	verb, rest, _ := strings.Cut(what, " ")
	switch verb {
	case "up", "down":
		m.SetLink(verb == "up")
	case "got":
		m.Got(leaseAt(at, rest))
	case "refused":
		m.Refused(now)
	case "failed":
		for step := Rest; step <= Rebind; step++ {
			if step.String() == rest {
				m.Failed(step, now)
			}
		}
	}
}

// TestShortLeaseIsNotASpin asks for a lease of the shortest kind again and again without an answer.
func TestShortLeaseIsNotASpin(t *testing.T) {
	var m Machine
	m.SetLink(true)
	m.Got(Lease{Acquired: epoch, T1: 5 * time.Second, T2: 9 * time.Second, Duration: 10 * time.Second})
	tries := 0
	for now := epoch; now.Before(epoch.Add(10 * time.Second)); now = now.Add(time.Millisecond) {
		if step, _ := m.Next(now); step != Rest {
			tries++
			m.Failed(step, now)
		}
	}
	if tries > 6 {
		t.Errorf("%d tries in a lease of 10 s", tries)
	}
}
