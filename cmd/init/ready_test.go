package main

import (
	"bytes"
	"context"
	"log/slog"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/upscard/upscard/services/handover"
	"github.com/upscard/upscard/services/supervise"
)

func TestStanding(t *testing.T) {
	at := func(name, address string) reach { return reach{name, netip.MustParsePrefix(address)} }
	got := strings.Join(standing("rack-7", []reach{at("eth0", "10.0.0.5/24"), at("eth0", "2001:db8::5/64"), at("eth1", "10.1.0.5/16")}), "; ")
	if want := "host rack-7; eth0 10.0.0.5/24 2001:db8::5/64; eth1 10.1.0.5/16"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	for address, want := range map[string]string{"10.0.0.5": "ready: upsd on 10.0.0.5:3500", "2001:db8::5": "ready: upsd on [2001:db8::5]:3500"} {
		if got := readyLine(netip.MustParseAddr(address), 3500); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestSettingsLines(t *testing.T) {
	c := &card{settings: handover.Default()}
	if got := c.settingsLines(); got != nil {
		t.Errorf("got %q where nothing is wrong", got)
	}
	c.settings = handover.Settings{Source: handover.LastGood, Wrong: []string{"f:1:1: x", "f:2:2: y"}}
	const want = "configuration: the last good one is in force, because the file is wrong:; f:1:1: x; f:2:2: y"
	if got := strings.Join(c.settingsLines(), "; "); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// What is told once is not told again. The host of the tests may have no address, and its programs are not ours: nothing is told then.
func TestTellOnce(t *testing.T) {
	j := newJournal()
	c := &card{journal: j, logger: slog.New(slog.DiscardHandler), settings: handover.Default(), supervisor: supervise.New(nil, slog.New(slog.DiscardHandler))}
	if told := c.tell(""); told != "" {
		t.Errorf("%q is told before the programs are ready", told)
	}
	told := c.tell("another address")
	if again := c.tell(told); again != told {
		t.Errorf("%q is told again as %q", told, again)
	}
	var out bytes.Buffer
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	j.print(ctx, &out, new(atomic.Bool))
	if n := strings.Count(out.String(), "ready: "); n > 1 {
		t.Errorf("told %d times:\n%s", n, out.String())
	}
}

func TestWatchAddressesEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	calls := 0
	err := watchAddresses(ctx, func() {
		calls++
		cancel()
	})
	if err != nil || calls != 1 {
		t.Errorf("%v after %d calls", err, calls)
	}
}
