package e2e

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/upscard/upscard/services/nut/nuttest"
	"github.com/upscard/upscard/tools/virtups/sim"
)

// outageConfig makes an outage short. hostSync is what it says.
const (
	outageConfig = "[ups.ups]\noffdelay = 3\nondelay = 3\n[users.other]\npassword = \"secret\"\nupsmon = \"secondary\"\n[monitor]\nhostsync = 10\nfinaldelay = 1\n"
	hostSync     = 10 * time.Second
)

// outage is a card, and two machines that hang on its UPS.
type outage struct {
	*machine
	ups      *sim.UPS
	machines []*nuttest.Machine // Debian's upsmon, as secondaries
	running  []*os.Process
	mark     int // on the console, since when it counts
	writes   int // to the UPS before
	cuts     int
}

// newOutage boots a card for scenarios.
func newOutage(t *testing.T) *outage {
	m := bootReady(t, setup{config: outageConfig, ordered: true})
	o := &outage{machine: m, ups: m.UPS[0]}
	o.do(o.ups, "load 5") // the battery lasts
	m.console(0, `upsmon: .*msg="in force" what="forced shutdown when on battery and low, then the UPS switches its load off until the mains are back"`)
	return o
}

// begin is the rest before an outage: mains, a full battery, both machines logged in.
func (o *outage) begin(t *testing.T) {
	t.Helper()
	o.t = t
	o.do(o.ups, "mains on")
	o.do(o.ups, "battery 100")
	o.awaitAnswer("ups", "ups.status", `^OL`, patience)
	for _, p := range o.running {
		_ = p.Kill()
	}
	o.until("no login", func() bool { return o.logins() == 0 })
	o.machines, o.running = nil, nil
	for range 2 {
		s := nuttest.NewMachine(t, o.Addr("nut"), "other", "secondary", "")
		o.running = append(o.running, s.Start())
		o.machines = append(o.machines, s)
	}
	o.until("two logins", func() bool { return o.logins() == 2 })
	o.mark, o.writes, o.cuts = o.Console.Mark(), len(o.ups.Writes()), len(o.ups.Model().Cuts)
}

func (o *outage) until(what string, is func() bool) {
	o.t.Helper()
	for start := time.Now(); !is(); time.Sleep(10 * time.Millisecond) {
		if time.Since(start) > patience {
			o.t.Fatalf("%s: not within %v; the card told %q", what, patience, o.told())
		}
	}
}

// event waits until upsmon has told of it.
func (o *outage) event(kind string) { o.console(o.mark, `upsmon: .* event=`+kind+`\b`) }

// told is what upsmon has told of, in its order. Words that come and go with the battery's charge are no matter here.
func (o *outage) told() (all []string) {
	event := regexp.MustCompile(`upsmon: .* event=(\w+)`)
	for _, l := range o.Console.Lines()[o.mark:] {
		if found := event.FindStringSubmatch(l.Text); found != nil {
			all = append(all, found[1])
		}
	}
	return all
}

// fail takes the mains away, and lets the battery become low.
func (o *outage) fail() {
	o.do(o.ups, "mains off")
	o.event("ONBATT")
	o.do(o.ups, "battery 15")
}

// over waits until the outage is, and holds the card to its promises: both machines shut down, then the load was cut, by one order, and has power
// again, and nobody has to come.
func (o *outage) over() {
	o.t.Helper()
	o.event("FSDEND")
	o.awaitAnswer("ups", "ups.status", `^OL`, patience)
	o.until("the output is on", func() bool { return o.ups.Model().Output })
	model, writes := o.ups.Model(), o.ups.Writes()[o.writes:]
	if cuts := model.Cuts[o.cuts:]; len(cuts) != 1 || !cuts[0].Ordered {
		o.t.Errorf("the load was cut: %+v", cuts)
	}
	if len(writes) == 0 {
		o.t.Fatal("nothing was ordered")
	}
	for i, m := range o.machines {
		if down := m.Down(); down.IsZero() || down.After(writes[0].At) {
			o.t.Errorf("machine %d was down at %v, the order came at %v", i, down, writes[0].At)
		}
		if got := strings.Join(m.Told(), " "); !strings.Contains(got, "SHUTDOWN") {
			o.t.Errorf("machine %d was told %s", i, got)
		}
	}
	told := o.told()
	if slices.Contains(told, "ATTENTION") {
		o.t.Error("somebody was called")
	}
	o.t.Logf("%s", strings.Join(told, " "))
}

// moment is one of an outage.
type moment struct {
	name  string
	come  func(*outage) // returns when it has come
	short bool          // it is in the short form of the tests
}

func after(event string, short bool) moment {
	return moment{event, func(o *outage) { o.event(event) }, short}
}

// moments are in the order of an outage, beginning with the low battery: the short ones, or all with OUTAGES=all.
func moments() []moment {
	all := []moment{
		after("LOWBATT", false), after("FSD", true), after("SHUTDOWN_HOSTSYNC", false),
		{"first logout", func(o *outage) { o.until("a logout", func() bool { return o.logins() < 2 }) }, false},
		after("SHUTDOWN", false), after("OFFORDER", true),
		{"order taken", func(o *outage) { o.console(o.mark, `upsmon: .*what=order .*outcome=done`) }, false},
		{"load cut", func(o *outage) { o.until("a cut", func() bool { return len(o.ups.Model().Cuts) > o.cuts }) }, true},
		after("ALARM", false), // this UPS has no OFF, and awaits power
		{"long after", func(o *outage) { o.event("ALARM"); time.Sleep(3 * time.Second) }, false}, // what happens in that time does not matter
	}
	if os.Getenv("OUTAGES") == "all" {
		return all
	}
	return slices.DeleteFunc(all, func(m moment) bool { return !m.short })
}

// TestMainsBackAtAnyMoment: an outage at speed with two of Debian's upsmon. The mains come back at each of its moments. Before the battery is low
// nothing happens, from then on everything goes to its end.
func TestMainsBackAtAnyMoment(t *testing.T) {
	t.Parallel()
	nuttest.Program(t, "upsmon")
	o := newOutage(t)
	t.Run("ONBATT", func(t *testing.T) {
		o.begin(t)
		o.do(o.ups, "mains off")
		o.event("ONBATT")
		o.do(o.ups, "mains on")
		o.event("ONLINE")
		if got := o.told(); !slices.Equal(got, []string{"ONBATT", "ONLINE"}) {
			t.Errorf("told %q", got)
		}
		if len(o.ups.Writes()) != o.writes {
			t.Error("something was ordered")
		}
	})
	for _, moment := range moments() {
		t.Run(moment.name, func(t *testing.T) {
			o.begin(t)
			o.fail()
			moment.come(o)
			o.do(o.ups, "mains on")
			o.over()
			timeline := slices.DeleteFunc(o.told(), func(kind string) bool { return kind == "ONLINE" || kind == "ALARM" || kind == "NOTALARM" })
			if got, want := strings.Join(timeline, " "), "ONBATT LOWBATT FSD SHUTDOWN_HOSTSYNC SHUTDOWN OFFORDER FSDEND"; got != want {
				t.Errorf("told\n%s, want\n%s", got, want)
			}
		})
	}
}

// TestKilledAtAnyMoment: the card loses its own power at each moment of an outage, then every program is killed at several of them. The outage goes to the
// same end; what was told may be told again.
func TestKilledAtAnyMoment(t *testing.T) {
	t.Parallel()
	nuttest.Program(t, "upsmon")
	o := newOutage(t)
	for _, moment := range moments() {
		t.Run(moment.name, func(t *testing.T) {
			o.begin(t)
			o.fail()
			moment.come(o)
			o.PowerCycle()
			o.until("the load was cut", func() bool { return len(o.ups.Model().Cuts) > o.cuts })
			o.do(o.ups, "mains on")
			o.over()
		})
	}
	t.Run("every program", func(t *testing.T) {
		o.begin(t)
		o.fail()
		for _, event := range []string{"LOWBATT", "FSD", "SHUTDOWN", "OFFORDER", "ALARM"} {
			o.event(event)
			for _, program := range []string{"upsmon", "upsd", "usbhid-ups"} {
				o.shell("kill -9 " + o.pid(program))
			}
		}
		o.do(o.ups, "mains on")
		o.over()
	})
}

// TestHangingSecondary: a machine that never logs out is waited for, and no longer than HOSTSYNC.
func TestHangingSecondary(t *testing.T) {
	t.Parallel()
	nuttest.Program(t, "upsmon")
	o := newOutage(t)
	o.begin(t)
	hangs := o.running[1]
	if err := hangs.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	o.machines = o.machines[:1]
	o.fail()
	o.event("FSD")
	shown := time.Now()
	o.event("OFFORDER")
	if waited := time.Since(shown); waited < hostSync {
		t.Errorf("waited %v", waited)
	}
	o.do(o.ups, "mains on")
	o.over()
}

// TestNoOutage: what a UPS says and does on the mains, or says once, is no reason to shut anything down.
func TestNoOutage(t *testing.T) {
	t.Parallel()
	nuttest.Program(t, "upsmon")
	o := newOutage(t)
	o.begin(t)
	o.do(o.ups, "battery 50")
	o.do(o.ups, "test deep")
	o.awaitAnswer("ups", "ups.test.result", "^In progress$", patience)
	o.do(o.ups, "test stop")
	o.awaitAnswer("ups", "ups.test.result", "^Aborted$", patience)
	o.do(o.ups, "battery 100")
	o.do(o.ups, "overload on")
	o.awaitAnswer("ups", "ups.status", `\bOVER\b`, patience)
	o.do(o.ups, "overload off")
	o.do(o.ups, "replace on")
	o.awaitAnswer("ups", "ups.status", `\bRB\b`, patience)
	o.do(o.ups, "replace off")
	o.do(o.ups, "unplug")
	o.event("COMMBAD")
	o.do(o.ups, "plug")
	o.event("COMMOK")
	o.do(o.ups, "mains off")
	o.event("ONBATT")
	o.do(o.ups, "mains on")
	o.event("ONLINE")
	if got := o.told(); slices.Contains(got, "FSD") || slices.Contains(got, "LOWBATT") {
		t.Errorf("told %q", got)
	}
	if len(o.ups.Writes()) != o.writes || len(o.ups.Model().Cuts) != o.cuts {
		t.Error("something was ordered")
	}
	for i, m := range o.machines {
		if !m.Down().IsZero() {
			t.Errorf("machine %d is down", i)
		}
	}
}
