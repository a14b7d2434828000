package nut

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/upscard/upscard/services/ups"
)

// keeperFunc makes a Keeper of a function.
type keeperFunc func(names []string) error

func (f keeperFunc) Save(names []string) error { return f(names) }

const asCard = "USERNAME card\nPASSWORD \"card secret\"\n"

func status(host *Host, name string) string {
	s := NewSession(host, "addr")
	defer s.Close()
	reply, _ := drain(s, []byte("GET VAR "+name+" ups.status\n"), 100)
	return string(reply)
}

// TestFSDIsKeptFirst: what a client could see survives a restart, and what a restart would bring back no client has seen the end of.
func TestFSDIsKeptFirst(t *testing.T) {
	host := testHost()
	var seen []string
	host.Keeper = keeperFunc(func(names []string) error {
		seen = append(seen, strings.Join(names, "+")+" while "+status(host, "ups"))
		return nil
	})
	s := NewSession(host, "addr")
	drain(s, []byte(asCard+"FSD UPS\nFSD forced\nSET VAR ups server.fsd no\n"), 100)
	host.Close()
	const ok, fsd = "VAR ups ups.status \"OL CHRG\"\n", "VAR ups ups.status \"FSD OL CHRG\"\n"
	want := []string{"ups while " + ok, "forced+ups while " + fsd, "forced while " + fsd}
	if strings.Join(seen, "") != strings.Join(want, "") {
		t.Errorf("%q\nwant %q", seen, want)
	}
	if got := status(host, "ups"); got != ok {
		t.Error(got)
	}
}

// TestFSDResumes: on UPSes that are there and on those that come later.
func TestFSDResumes(t *testing.T) {
	host := testHost()
	host.Registry.Resume([]string{"UPS", "later"})
	host.Registry.Add("Later", "").Store().Set(host.Registry.Find("ups").Store().Get())
	for name, want := range map[string]string{"ups": "FSD OL CHRG", "later": "FSD OL CHRG", "undriven": "OL CHRG"} {
		if got := status(host, name); got != "VAR "+name+" ups.status \""+want+"\"\n" {
			t.Error(got)
		}
	}
	var kept []string
	host.Keeper = keeperFunc(func(names []string) error { kept = names; return nil })
	drain(NewSession(host, "addr"), []byte(asCard+"FSD forced\n"), 100)
	if got := strings.Join(kept, " "); got != "forced later ups" {
		t.Errorf("kept %q", got)
	}
}

// TestFSDWithoutDisk: a disk that fails, or hangs, stops no shutdown.
func TestFSDWithoutDisk(t *testing.T) {
	for name, wait := range map[string]time.Duration{"fails": 0, "hangs": time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			host := testHost()
			var log bytes.Buffer
			host.Logger = slog.New(slog.NewTextHandler(&log, nil))
			host.Keeper = keeperFunc(func([]string) error { time.Sleep(wait); return errors.New("no disk") })
			begin := time.Now()
			reply, _ := drain(NewSession(host, "addr"), []byte(asCard+"FSD ups\n"), 100)
			if took := time.Since(begin); string(reply) != "OK\nOK\nOK FSD-SET\n" || took != min(wait, keepTime) {
				t.Errorf("%s: %q after %v", name, reply, took)
			}
			if got := status(host, "ups"); !strings.Contains(got, "FSD") || !strings.Contains(log.String(), "would not survive") {
				t.Errorf("%s: %q\n%s", name, got, &log)
			}
			host.Close()
		})
	}
}

func TestWithFSD(t *testing.T) {
	for status, want := range map[string]string{"OL": "FSD OL", "": "FSD", "OL FSD": "OL FSD", " OB  LB ": "FSD OB LB", "FSDX": "FSD FSDX"} {
		if got := withFSD(status); got != want {
			t.Errorf("%q: %q, want %q", status, got, want)
		}
	}
}

func TestGetFSDAllocatesNothing(t *testing.T) {
	host := testHost()
	host.Registry.Resume([]string{"ups"})
	s := NewSession(host, "addr")
	request, out := []byte("GET VAR ups ups.status\n"), make([]byte, 0, 1024)
	memory := new(taking)
	s.take(memory, out, request)
	if n := testing.AllocsPerRun(100, func() { s.take(memory, out, request) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// TestFeed: a follower on the card sees what clients see, and what the server itself knows.
func TestFeed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		host := testHost()
		u := host.Registry.Find("ups")
		go u.Watch(t.Context())
		first := time.Now()
		want := func(freshness ups.Freshness, vars map[string]string) {
			t.Helper()
			synctest.Wait()
			snap := u.Feed().Get()
			if snap.Freshness() != freshness {
				t.Errorf("%v, want %v", snap.Freshness(), freshness)
			}
			for name, value := range vars {
				if got := snap.Value(name); got != value {
					t.Errorf("%s: %q, want %q", name, got, value)
				}
			}
		}
		want(ups.Fresh, map[string]string{"ups.status": "OL CHRG", "server.fsd": "no", "server.numlogins": "0", "server.description": `The "first" one`})
		s := NewSession(host, "addr")
		drain(s, []byte(asCard+"LOGIN ups\nFSD ups\n"), 100)
		seq := first.UnixMilli()
		at := func(n int64) string { return eventName(seq + n) }
		unix := func(word string) string { return eventText(time.Now(), word) }
		want(ups.Fresh, map[string]string{"ups.status": "FSD OL CHRG", "server.fsd": "yes", "server.numlogins": "1", at(0): unix("FSD")})
		stale := u.Store().Get().With(ups.Stale)
		time.Sleep(time.Minute)
		u.Store().Set(stale)
		want(ups.Stale, map[string]string{"ups.status": "FSD OL CHRG", at(1): unix("COMMBAD")})
		u.DriverCame()
		u.Store().Set(ups.NewSnapshot(nil, nil, ups.Absent, first))
		want(ups.Stale, map[string]string{"ups.status": "", "server.fsd": "yes", at(2): ""})
		s.Close()
		u.Store().Set(stale.With(ups.Fresh))
		synctest.Wait()
		drain(NewSession(host, "addr"), []byte(asCard+"SET VAR ups server.fsd no\n"), 100)
		want(ups.Fresh, map[string]string{"ups.status": "OL CHRG", "server.fsd": "no", "server.numlogins": "0", at(2): unix("COMMOK"), at(3): unix("NOFSD")})
		for range 20 {
			drain(NewSession(host, "addr"), []byte(asCard+"FSD ups\nSET VAR ups server.fsd no\n"), 100)
		}
		want(ups.Fresh, map[string]string{at(11): "", at(12): unix("FSD"), at(43): unix("NOFSD"), at(44): ""})
	})
}
