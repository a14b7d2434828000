package main

import (
	"bufio"
	"context"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/upscard/upscard/services/driversock"
	"github.com/upscard/upscard/services/ups"
)

// follower keeps a store equal to a feed until the test ends.
func (u *upsd) follower(name string, wake <-chan struct{}) *ups.Store {
	store := ups.NewStore()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	opts := driversock.FollowOptions{Logger: slog.New(slog.DiscardHandler), Wake: wake}
	go func() { done <- driversock.Follow(ctx, driversock.Path(u.run, feedName, name), store, opts) }()
	u.t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			u.t.Error(err)
		}
	})
	return store
}

// await waits for a snapshot that is as wanted.
func await(t *testing.T, store *ups.Store, what string, ok func(*ups.Snapshot) bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for snap := store.Get(); !ok(snap); {
		next, err := store.Wait(ctx, snap)
		if err != nil {
			t.Fatalf("never %s, last %v, status %q, FSD %q, logins %q", what, snap.Freshness(), snap.Value("ups.status"), snap.Value("server.fsd"), snap.Value("server.numlogins"))
		}
		snap = next
	}
}

func (u *upsd) dialControl() *client {
	u.t.Helper()
	conn, err := net.Dial("unix", filepath.Join(u.run, "nut", controlName))
	for begin := time.Now(); err != nil && time.Since(begin) < patience; time.Sleep(time.Millisecond) {
		conn, err = net.Dial("unix", filepath.Join(u.run, "nut", controlName))
	}
	if err != nil {
		u.t.Fatal(err)
	}
	u.t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(2 * patience))
	return &client{u.t, conn, bufio.NewReader(conn)}
}

// TestFeedAndControl: the card's primary needs nothing but the two.
func TestFeedAndControl(t *testing.T) {
	u := start(t, primaryUser+"[ups.ups]\ndesc = \"Left # one\"\n")
	feed := u.follower("ups", nil)
	await(t, feed, "described", func(s *ups.Snapshot) bool {
		return s.Freshness() == ups.Stale && s.Value("server.description") == "Left # one" && s.Value("server.fsd") == "no"
	})
	await(t, feed, "told where we listen", func(s *ups.Snapshot) bool {
		return s.Value("server.listening") == u.addr && s.Value("server.version") == version
	})
	u.driver("usbhid-ups", "ups", storeOf("OB LB"))
	await(t, feed, "read", func(s *ups.Snapshot) bool { return s.Freshness() == ups.Fresh && s.Value("ups.status") == "OB LB" })

	primary := u.dialControl()
	primary.say("PRIMARY ups\nLOGIN ups\nFSD ups\n")
	primary.expect("OK PRIMARY-GRANTED\nOK\nOK FSD-SET\n")
	await(t, feed, "forced", func(s *ups.Snapshot) bool {
		return s.Value("ups.status") == "FSD OB LB" && s.Value("server.fsd") == "yes" && s.Value("server.numlogins") == "1"
	})
	events := 0
	for _, name := range feed.Get().Names() {
		if strings.HasPrefix(name, "server.event.") && strings.HasSuffix(feed.Get().Value(name), " FSD") {
			events++
		}
	}
	if events != 1 {
		t.Errorf("%d events", events)
	}
	primary.say("SET VAR ups server.fsd no\nUSERNAME pri\nGET VAR ups ups.status\n")
	primary.expect("OK\nERR ALREADY-SET-USERNAME\nVAR ups ups.status \"OB LB\"\n")
	await(t, feed, "ended", func(s *ups.Snapshot) bool { return s.Value("ups.status") == "OB LB" && s.Value("server.fsd") == "no" })
	primary.conn.Close()
	await(t, feed, "logged out", func(s *ups.Snapshot) bool { return s.Value("server.numlogins") == "0" })
	u.log.find(t, `"FSD set" user=(upsmon@card)`)

	u.driver("nutdrv_qx", "late", storeOf("OL"))
	await(t, u.follower("late", nil), "there", func(s *ups.Snapshot) bool { return s.Value("ups.status") == "OL" })
}

// TestFeedIsReadOnly: what a driver would be asked to do is refused.
func TestFeedIsReadOnly(t *testing.T) {
	u := start(t, "")
	u.driver("usbhid-ups", "ups", storeOf("OL"))
	u.expect(ask, "VAR ups ups.status \"OL\"\n")
	conn, err := net.Dial("unix", driversock.Path(u.run, feedName, "ups"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	c := &client{t, conn, bufio.NewReader(conn)}
	c.say("SET ups.status \"OB LB\" TRACKING 1\nINSTCMD load.off TRACKING 2\nSET server.fsd no TRACKING 3\n")
	c.expect("TRACKING 1 1\nTRACKING 2 1\nTRACKING 3 1\n")
	u.expect(ask, "VAR ups ups.status \"OL\"\n")
}

// TestSocketsReplaced: what a killed upsd has left does not keep the next one from serving.
func TestSocketsReplaced(t *testing.T) {
	u := start(t, "")
	u.dialControl()
	u.end()
	for _, name := range []string{controlName, feedName + "-ups"} {
		ln, err := driversock.Listen(filepath.Join(u.run, "nut", name))
		if err != nil {
			t.Fatal(err)
		}
		ln.Close() // the file stays
	}
	again := start(t, "", "-run", u.run)
	again.run = u.run
	c := again.dialControl()
	c.say("NETVER\n")
	c.expect("1.3\n")
	again.end()
	left, err := os.ReadDir(filepath.Join(u.run, "nut"))
	if err != nil || len(left) > 0 {
		t.Errorf("left over: %v, %v", left, err)
	}
}
