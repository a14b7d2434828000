package monitor

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write the timelines anew")

// happening is something that the world does at a second of a script.
type happening struct {
	at int
	do func(*world)
}

func mainsOff(w *world) { w.ups.mains = false }
func mainsOn(w *world)  { w.ups.mains = true }
func unread(w *world)   { w.ups.unread = true }
func readable(w *world) { w.ups.unread = false }
func upsdDies(w *world) { w.serve(false) }
func upsdRuns(w *world) { w.serve(true) }
func says(word string) func(*world) {
	return func(w *world) { w.ups.odd = word }
}

// outage is a battery that is low after 40 s, with two machines.
func outage(w *world) {
	w.ups.battery, w.ups.lb = 130, 100
	w.clients = []*client{{takes: 4, boots: -1, stops: -1}, {takes: 8, boots: -1, stops: -1}}
}

type script struct {
	name string
	set  func(*world)
	do   []happening
	last int // second
}

var scripts = []script{
	{"outage", outage, []happening{{10, mainsOff}, {300, mainsOn}}, 500},
	{"short", outage, []happening{{10, mainsOff}, {30, mainsOn}}, 100},
	{"back-at-fsd", outage, []happening{{10, mainsOff}, {52, mainsOn}}, 300},
	{"back-at-final", outage, []happening{{10, mainsOff}, {63, mainsOn}}, 300},
	{"back-at-off", outage, []happening{{10, mainsOff}, {68, mainsOn}}, 300},
	{"back-at-cut", outage, []happening{{10, mainsOff}, {88, mainsOn}}, 300},
	{"hanging-secondary", func(w *world) { outage(w); w.clients[0].hangs = true }, []happening{{10, mainsOff}, {300, mainsOn}}, 500},
	{"nobody-logged-in", func(w *world) { outage(w); w.clients = nil }, []happening{{10, mainsOff}, {300, mainsOn}}, 500},
	{"off-turned-away", func(w *world) { outage(w); w.config.Off = OffNone }, []happening{{10, mainsOff}, {100, mainsOn}}, 300},
	{"reboot-only", func(w *world) { outage(w); w.ups.returns = false }, []happening{{10, mainsOff}, {100, mainsOn}}, 300},
	{"no-command", func(w *world) { outage(w); w.ups.returns, w.ups.reboots = false, false }, []happening{{10, mainsOff}, {300, mainsOn}}, 500},
	{"unclear-no-timers", func(w *world) { outage(w); w.ups.timers = false; w.fate = func() fate { return fate{false, Unclear} } },
		[]happening{{10, mainsOff}, {160, mainsOn}}, 500},
	{"unclear-but-runs", func(w *world) { outage(w); w.fate = func() fate { return fate{true, Unclear} } }, []happening{{10, mainsOff}, {200, mainsOn}}, 500},
	{"unclear-then-obeys", func(w *world) {
		outage(w)
		n := 0
		w.fate = func() fate { n++; return fate{n > 1, Unclear} }
	}, []happening{{10, mainsOff}, {200, mainsOn}}, 500},
	{"unclear-but-cut", func(w *world) {
		outage(w)
		w.ups.timers, w.ups.sleeps = false, false
		w.fate = func() fate { return fate{true, Unclear} }
	},
		[]happening{{10, mainsOff}, {87, (*world).comeAgain}, {89, mainsOn}}, 300},
	{"calibration", func(w *world) { outage(w); w.ups.calibrates = true }, []happening{{10, mainsOff}, {120, mainsOn}}, 200},
	{"lb-flickers", outage, []happening{{10, mainsOff}, {12, says("LB")}, {13, says("")}, {20, mainsOn}}, 200},
	{"obl-duration", func(w *world) { outage(w); w.config.OBLBDuration = 10 * time.Second },
		[]happening{{10, mainsOff}, {12, says("LB")}, {18, says("")}, {20, says("LB")}, {300, mainsOn}}, 500},
	{"dead-on-battery", outage, []happening{{10, mainsOff}, {20, unread}, {100, readable}, {300, mainsOn}}, 500},
	{"lost-in-alarm-on-line", outage, []happening{{10, says("ALARM")}, {20, unread}, {100, readable}}, 200},
	{"off-on-line", outage, []happening{{10, func(w *world) { w.ups.on = false }}}, 200},
	{"upsd-gone", outage, []happening{{10, mainsOff}, {45, upsdDies}, {70, upsdRuns}, {300, mainsOn}}, 500},
	{"mains-before-upsd", outage, []happening{{10, mainsOff}, {46, upsdDies}, {70, mainsOn}, {75, upsdRuns}}, 200},
	{"upsd-again-at-fsd", outage, []happening{{10, mainsOff}, {52, upsdDies}, {53, upsdRuns}, {300, mainsOn}}, 500},
	{"upsd-again-at-final", outage, []happening{{10, mainsOff}, {61, upsdDies}, {62, upsdRuns}, {300, mainsOn}}, 500},
	{"limit-of-charge", func(w *world) { outage(w); w.config.Charge = 20 }, []happening{{10, mainsOff}, {300, mainsOn}}, 500},
	{"limit-of-time", func(w *world) { outage(w); w.config.OnBattery = 15 * time.Second }, []happening{{10, mainsOff}, {300, mainsOn}}, 500},
	{"ordered-by-somebody", outage, []happening{{10, func(w *world) { w.fsd, w.fsdAt, w.ordered = true, w.now, true }}}, 200},
	{"battery-ends", func(w *world) { outage(w); w.config.FinalDelay = 2 * time.Minute }, []happening{{10, mainsOff}, {300, mainsOn}}, 500},
	{"late-readings", func(w *world) { outage(w); w.lag = 3 * time.Second }, []happening{{10, mainsOff}, {300, mainsOn}}, 500},
	{"ignores-on-mains", func(w *world) { outage(w); w.ups.ignoresOnMains = true }, []happening{{10, mainsOff}, {52, mainsOn}}, 300},
}

func (s script) run(w *world) *world {
	s.set(w)
	for second := range s.last {
		for _, h := range s.do {
			if h.at == second {
				h.do(w)
			}
		}
		w.tick()
	}
	return w
}

// TestTimelines compares what happens with testdata/NAME.txt.
func TestTimelines(t *testing.T) {
	for _, s := range scripts {
		t.Run(s.name, func(t *testing.T) {
			got := strings.Join(s.run(newWorld(t)).log, "\n") + "\n"
			path := filepath.Join("testdata", s.name+".txt")
			if *update {
				if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil || string(want) != got {
				t.Errorf("%v\ngot\n%swant\n%s", err, got, want)
			}
		})
	}
}

// orders is what was asked of the UPS's load and of the server, repeated requests for FSD counting once.
func (w *world) orders() []string {
	var list []string
	for _, i := range w.asked {
		line := i.Kind.String() + " " + i.Command
		if len(list) == 0 || i.Kind == Order || list[len(list)-1] != line {
			list = append(list, line)
		}
	}
	return list
}

// TestSerialises: a state that went through JSON at every step makes the same timeline.
func TestSerialises(t *testing.T) {
	for _, s := range scripts {
		want := s.run(newWorld(t)).log
		w := newWorld(t)
		w.after = w.roundTrip
		if got := s.run(w).log; !slices.Equal(got, want) {
			t.Errorf("%s: got\n%s\nwant\n%s", s.name, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
}

// TestRestartAtEveryStep: whenever the process ends, before or after it acts, the same is ordered in the end.
func TestRestartAtEveryStep(t *testing.T) {
	for _, s := range scripts[:8] {
		plain := s.run(newWorld(t))
		want := plain.orders()
		for at := range min(2*s.last, 350) {
			w := newWorld(t)
			n := -1
			w.restart = func() bool { n++; return n == at }
			s.run(w)
			if got := w.orders(); !slices.Equal(got, want) && (w.calls == 0 || w.stuck()) {
				t.Errorf("%s, restart %d: got %q, want %q\n%s", s.name, at, got, want, strings.Join(w.log, "\n"))
			}
		}
	}
}
