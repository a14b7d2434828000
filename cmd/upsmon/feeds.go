package main

import (
	"strconv"
	"time"

	"github.com/upscard/upscard/services/feeds"
	"github.com/upscard/upscard/services/monitor"
	"github.com/upscard/upscard/services/ups"
)

// readers turns the feeds of UPSes into readings.
type readers struct {
	*feeds.Feeds
	grace time.Duration // how long a UPS may be silent before it counts as lost
	began time.Time
	known map[string]*reader
}

// reader is what is known of one UPS.
type reader struct {
	good monitor.Reading // the last one that was OK
	lost time.Time       // since when it is not; zero: it is
}

func newReaders(f *feeds.Feeds, grace time.Duration) *readers {
	return &readers{Feeds: f, grace: grace, began: time.Now(), known: make(map[string]*reader)}
}

// readings is what is known of the UPSes now. One that cannot be read is not lost at once: a driver or upsd may be starting again. One that
// has not been read yet is not there, until it has had its time.
func (f *readers) readings(list []monitor.UPS, now time.Time) map[string]monitor.Reading {
	all := make(map[string]monitor.Reading)
	for _, u := range list {
		snap := f.Get(u.Name)
		if snap == nil {
			if now.Sub(f.began) >= startTime {
				all[u.Name] = monitor.Reading{Logins: -1}
			}
			continue
		}
		it := f.known[u.Name]
		if it == nil {
			it = new(reader)
			f.known[u.Name] = it
		}
		if r, known := it.reading(snap, now, f.grace, now.Sub(f.began) >= startTime); known {
			all[u.Name] = r
		}
	}
	return all
}

// startTime is how long drivers and upsd may take to be read for the first time, as upsd has it.
const startTime = 10 * time.Second

func (it *reader) reading(snap *ups.Snapshot, now time.Time, grace time.Duration, started bool) (monitor.Reading, bool) {
	r := newReading(snap)
	if r.OK {
		it.good, it.lost = r, time.Time{}
		return r, true
	}
	if it.lost.IsZero() {
		it.lost = now
	}
	if !it.good.OK {
		return r, started
	}
	if now.Sub(it.lost) >= grace {
		return r, true
	}
	held := it.good
	held.Server, held.Logins, held.FSD = r.Server, r.Logins, r.FSD
	return held, true
}

// newReading takes from a feed's snapshot what the policy needs.
func newReading(snap *ups.Snapshot) monitor.Reading {
	r := monitor.Reading{
		OK: snap.Freshness() == ups.Fresh, Status: snap.Value("ups.status"), Alarm: snap.Value("ups.alarm"), Mode: snap.Value("ups.mode.buzzwords"),
		At: snap.Read(), Charge: number(snap, "battery.charge"), Runtime: seconds(snap, "battery.runtime"), Logins: -1,
		Server: snap.Value("server.started"), FSD: snap.Value("server.fsd") == "yes", Timer: timer(snap), Delay: max(seconds(snap, "ups.delay.shutdown"), 0), Commands: snap.Commands(),
	}
	if n, err := strconv.Atoi(snap.Value("server.numlogins")); err == nil && n >= 0 {
		r.Logins = n
	}
	return r
}

// number is -1 where there is none.
func number(snap *ups.Snapshot, name string) float64 {
	x, err := strconv.ParseFloat(snap.Value(name), 64)
	if err != nil || !(x >= 0) {
		return -1
	}
	return x
}

func seconds(snap *ups.Snapshot, name string) time.Duration {
	x := number(snap, name)
	if x < 0 || x > 1e9 {
		return -time.Second
	}
	return time.Duration(x * float64(time.Second))
}

// timer tells whether a timer of the load runs. While none does, they are 0 or negative.
func timer(snap *ups.Snapshot) monitor.Timer {
	known := monitor.TimerUnknown
	for _, name := range []string{"ups.timer.shutdown", "ups.timer.reboot", "ups.timer.start"} {
		if _, there := snap.Var(name); !there {
			continue
		}
		if number(snap, name) > 0 {
			return monitor.TimerRuns
		}
		if name != "ups.timer.start" {
			known = monitor.TimerIdle
		}
	}
	return known
}
