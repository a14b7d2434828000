package monitor

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
)

// start is when each script begins.
var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// world is a card with its UPS, its server and the machines that hang on it. A tick is a second.
type world struct {
	t       testing.TB
	config  Config
	state   State
	saved   State // on the disk
	now     time.Time
	ups     *device
	clients []*client
	results []Result
	log     []string

	upsd    bool // it runs
	session int  // which one
	upsdAt  time.Time
	fsd     bool
	fsdAt   time.Time     // since when it can be seen
	lag     time.Duration // until a reading shows it
	restart func() bool
	after   func()      // each step
	fate    func() fate // of an order
	asked   []Intent
	calls   int  // for attention
	ordered bool // somebody ordered FSD
	lied    bool // the UPS said that it would obey, and did not
	excused bool // then it could not be read when that would have shown
}

// fate is what becomes of an order: whether the UPS does it, and what the answer is.
type fate struct {
	obeys  bool
	answer Outcome
}

func newWorld(t testing.TB) *world {
	c := Default()
	c.Apart, c.Cautious, c.Off = true, true, OffReturn
	c.UPS = []UPS{{Name: "ups", Power: 1, Primary: true}}
	return &world{t: t, config: c, now: start, upsd: true, session: 1, ups: &device{mains: true, on: true, battery: 600, returns: true, reboots: true, timers: true, sleeps: true, off: -1, back: -1},
		restart: func() bool { return false }, after: func() {}, fate: func() fate { return fate{true, Succeeded} }}
}

func (w *world) readings() map[string]Reading {
	d := w.ups
	r := Reading{At: w.now, Charge: float64(d.battery) / 6, Runtime: time.Duration(d.battery) * time.Second, Logins: -1, Delay: 20 * time.Second}
	if !w.upsd {
		return map[string]Reading{"ups": r}
	}
	shown := w.fsd && w.now.Sub(w.fsdAt) >= w.lag
	r.Logins, r.FSD, r.Server = w.logins(), shown, fmt.Sprint(w.session)
	if d.unread || d.asleep {
		return map[string]Reading{"ups": r}
	}
	r.OK, r.Status = true, d.status()
	if shown {
		r.Status = "FSD " + r.Status
	}
	if d.timers {
		r.Timer = TimerIdle
		if d.off >= 0 || d.back >= 0 && !d.on {
			r.Timer = TimerRuns
		}
	}
	if d.returns {
		r.Commands = append(r.Commands, "shutdown.return")
	}
	if d.reboots {
		r.Commands = append(r.Commands, "shutdown.reboot")
	}
	return map[string]Reading{"ups": r}
}

// tick is one second.
func (w *world) tick() {
	w.now = w.now.Add(time.Second)
	w.ups.tick()
	for _, c := range w.clients {
		c.tick(w)
	}
	w.step()
	w.after()
}

// step is one step of the policy, as its runner makes it: save, then act.
func (w *world) step() {
	in := Input{Readings: w.readings(), Results: w.results}
	w.results = nil
	before := len(w.state.Sequences)
	state, out := Step(&w.config, w.state, in, w.now)
	w.state = state
	w.check(in, before)
	w.saved = w.state
	for _, n := range out.Notices {
		w.say(string(n.Type), n.More)
		if n.Type == Attention {
			w.calls++
		}
		w.excused = w.excused || w.lied && n.Type == CommBad
	}
	if w.restart() {
		w.comeAgain()
		return
	}
	for _, i := range out.Intents {
		w.act(i)
	}
	if w.restart() {
		w.comeAgain()
	}
}

// comeAgain is the end of this process, and the start of the next: what it had asked for has no answer.
func (w *world) comeAgain() {
	w.results = nil
	w.roundTrip()
	w.state = w.state.Resume(&w.config, w.now)
}

// check holds the rule that a sequence begins on battery only.
func (w *world) check(in Input, before int) {
	r := in.Readings["ups"]
	if len(w.state.Sequences) > before && r.OK && w.ups.mains && !w.ordered {
		w.t.Fatalf("%s: FSD on line power: %q", w.at(), r.Status)
	}
}

// serve starts or ends upsd. Another one knows of no logins.
func (w *world) serve(runs bool) {
	if runs && !w.upsd {
		w.session++
		w.upsdAt = w.now
	}
	w.upsd = runs
}

func (w *world) act(i Intent) {
	w.asked = append(w.asked, i)
	w.say(i.Kind.String(), i.Command)
	if !w.upsd {
		w.results = append(w.results, Result{i, Later})
		return
	}
	answer := Succeeded
	switch i.Kind {
	case SetFSD:
		w.checkJournal()
		if !w.fsd {
			w.fsd, w.fsdAt = true, w.now
		}
	case ClearFSD:
		w.fsd = false
	case Order:
		answer = w.order(i)
	}
	w.results = append(w.results, Result{i, answer})
}

func (w *world) checkJournal() {
	if len(w.saved.Sequences) == 0 {
		w.t.Fatalf("%s: FSD is shown before it is on the disk", w.at())
	}
}

// order takes an order for the load, and holds the rules about them.
func (w *world) order(i Intent) Outcome {
	d := w.ups
	if !w.fsd {
		w.t.Fatalf("%s: %s without FSD", w.at(), i.Command)
	}
	n := 0
	for _, c := range w.clients {
		if !c.down && c.boots < 0 && c.session > 0 && !c.missing { // it was logged in since it is up, and has not logged out
			n++
		}
	}
	if since := min(w.now.Sub(w.fsdAt), w.now.Sub(w.upsdAt)); n > 0 && since < w.config.HostSync {
		w.t.Fatalf("%s: %s with %d logged in, %v after FSD\n%s", w.at(), i.Command, n, since, strings.Join(w.log, "\n"))
	}
	if d.off >= 0 {
		w.t.Fatalf("%s: %s while the timer runs", w.at(), i.Command)
	}
	if d.unread || d.asleep {
		return Unclear
	}
	f := w.fate()
	if f.answer == Refused || f.answer == Later {
		return f.answer
	}
	if f.obeys && !(d.ignoresOnMains && d.mains) {
		d.off = 20
	} else if f.answer == Succeeded {
		w.lied = true
	}
	return f.answer
}

func (w *world) at() string { return fmt.Sprint(w.now.Sub(start)) }

func (w *world) say(what, more string) {
	line := fmt.Sprintf("%5d %s", int(w.now.Sub(start)/time.Second), what)
	if more != "" {
		line += ": " + more
	}
	w.log = append(w.log, line)
}

// roundTrip takes the state through its file.
func (w *world) roundTrip() {
	disk, err := json.Marshal(w.saved)
	if err != nil {
		w.t.Fatal(err)
	}
	var s State
	if err := json.Unmarshal(disk, &s); err != nil {
		w.t.Fatal(err)
	}
	w.state = s
}

// stuck reports whether something still runs, or a machine is down that has power, though all is well with the UPS.
func (w *world) stuck() bool {
	if len(w.state.Sequences) > 0 || w.fsd {
		return true
	}
	for _, c := range w.clients {
		if c.down && c.boots < 0 && !c.missing {
			return true
		}
	}
	return false
}
