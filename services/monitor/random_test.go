package monitor

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// TestRandomOutages plays random scripts. World holds the rules while they run; at the end all is as it was, or somebody was called.
func TestRandomOutages(t *testing.T) {
	const blocks = 8
	scripts := 10_000 / blocks
	if testing.Short() {
		scripts = 50
	}
	for block := range blocks {
		t.Run(fmt.Sprint(block), func(t *testing.T) {
			t.Parallel()
			for n := range scripts {
				randomOutage(t, uint64(n*blocks+block))
			}
		})
	}
}

func randomOutage(t *testing.T, seed uint64) {
	r := rand.New(rand.NewPCG(seed, 1))
	w := newWorld(t)
	randomise(w, r)
	disturb(w, r)
	calm(w)
	restored := !w.fsd && (!w.stuck() || w.config.Off == OffNone)
	if !restored && w.calls == 0 && !w.excused {
		t.Fatalf("seed %d: neither restored nor alarmed: %+v\n%s", seed, w.state, strings.Join(w.log, "\n"))
	}
}

// chance is true once in n times.
func chance(r *rand.Rand, n int) bool { return r.IntN(n) == 0 }

func randomise(w *world, r *rand.Rand) {
	d := w.ups
	d.battery, d.lb = 30+r.IntN(300), 20+r.IntN(80)
	d.returns, d.reboots, d.timers, d.sleeps = !chance(r, 5), !chance(r, 3), !chance(r, 4), !chance(r, 3)
	d.ignoresOnMains = chance(r, 5)
	for range r.IntN(4) {
		w.clients = append(w.clients, &client{takes: r.IntN(25), hangs: chance(r, 8), missing: chance(r, 8), boots: -1, stops: -1})
	}
	if chance(r, 10) {
		w.config.Off = OffNone
	}
	if chance(r, 4) {
		w.config.OnBattery = time.Duration(10+r.IntN(60)) * time.Second
	}
	if chance(r, 4) {
		w.config.Charge = 5 + r.IntN(30)
	}
	if chance(r, 5) {
		w.config.OBLBDuration = time.Duration(r.IntN(10)) * time.Second
	}
	mean := 20 + r.IntN(400)
	w.restart = func() bool { return chance(r, mean) }
	w.fate = func() fate {
		return fate{!chance(r, 5), []Outcome{Succeeded, Succeeded, Succeeded, Unclear, Unclear, Refused, Later}[r.IntN(7)]}
	}
}

// disturb is ten minutes in which anything happens.
func disturb(w *world, r *rand.Rand) {
	odd := []string{"LB", "CAL", "ALARM", "OVER", "BYPASS", "RB", "TEST", "", "", ""}
	for range 600 {
		switch r.IntN(120) {
		case 0, 1:
			w.ups.mains = !w.ups.mains
		case 2:
			w.ups.unread = !w.ups.unread
		case 3:
			w.serve(!w.upsd)
		case 4, 5:
			w.ups.odd = odd[r.IntN(len(odd))]
		}
		w.tick()
	}
}

// calm is as long as it takes until nothing is left to happen, two hours at most.
func calm(w *world) {
	w.ups.mains, w.ups.unread, w.ups.odd = true, false, ""
	w.serve(true)
	w.restart = func() bool { return false }
	quiet := 0
	for range 7200 {
		w.tick()
		if quiet++; len(w.state.Sequences) > 0 || !w.ups.on {
			quiet = 0
		}
		if quiet > 60 {
			return
		}
	}
}
