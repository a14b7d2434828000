package e2e

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/upscard/upscard/tools/virtups/sim"
)

// scene is a fault that both drivers live through.
type scene struct {
	name   string
	fault  string // in words of the simulator's, "" for none
	act    string // what somebody does besides, likewise, with semicolons between
	outage bool   // the mains fail a second after the fault has begun, and are away when it is over
	hidden bool   // the card's clients notice nothing of the fault
	brief  bool   // is played in every run
}

// scenes are all that are played. 0x20 is the report that tells of the mains.
var scenes = []scene{
	{name: "none, the mains fail", outage: true, hidden: true},
	{name: "every read is refused", fault: "stall get", outage: true, brief: true},
	{name: "the status report's reads are refused", fault: "stall get 0x20", outage: true},
	{name: "every read garbled on the wire", fault: "ioerror get", outage: true},
	{name: "every read sends too much", fault: "babble get", outage: true},
	{name: "no read is answered", fault: "silence get", outage: true},
	{name: "every read answered 2 s late", fault: "late get", outage: true},
	{name: "the device hangs", fault: "hang get", outage: true, brief: true},
	{name: "every read is half of it", fault: "short get", outage: true},
	{name: "every read is eight bytes too long", fault: "long get", outage: true, hidden: true},
	{name: "every status read has all bits set", fault: "garbage get 0x20"},
	{name: "every status read has all bits set, in an outage", fault: "garbage get 0x20", outage: true},
	{name: "every status read is random", fault: "noise get 0x20 seed 1"},
	{name: "one status report that it sends has all bits set", act: "report 0x20 20ffff; report 0x20 auto", hidden: true, brief: true},
	{name: "what the UPS sends is lost", fault: "silence interrupt", outage: true},
	{name: "the interrupt pipe is halted again and again", fault: "stall interrupt", outage: true},
	{name: "the interrupt pipe is flooded", fault: "flood interrupt", outage: true, hidden: true},
	{name: "pulled out in mid transfer", fault: "unplug get times 1", outage: true, brief: true},
	{name: "resets itself, back after 1 s", fault: "reset get times 1 delay 1s"},
	{name: "resets itself in an outage", fault: "reset get times 1 delay 1s", outage: true},
	{name: "changes its address", fault: "readdress get times 1"},
	{name: "another model for 5 s", fault: "swap get times 1 delay 5s as plain-600"},
	{name: "plugged in anew, its descriptor refused", fault: "stall descriptor", act: "reset", outage: true},
	{name: "plugged in anew, its descriptor not answered once", fault: "silence descriptor times 1", act: "reset"},
	{name: "plugged in anew, first reads are random", fault: "noise first", act: "reset"},
}

// side is one of the two that live through the scenes.
type side struct {
	name string
	*machine
	view *view
}

func newSide(name string, m *machine) *side {
	m.awaitAnswer("ups", "ups.status", "^OL", patience)
	return &side{name, m, m.watch("ups")}
}

func (s *side) ups() *sim.UPS { return s.UPS[0] }

// outcome is what came of a scene on one side.
type outcome struct {
	scene, side string
	story       story
	healed      time.Time
}

func (o outcome) row() string {
	again := "never"
	if at := o.story.rightFrom(); !at.IsZero() {
		again = seconds(max(0, at.Sub(o.healed)))
	}
	return fmt.Sprintf("| %s | %s | %v | %s | %s | %s | %s |", o.scene, o.side, o.story, seconds(o.story.lasted(wrong)), seconds(o.story.lasted(outdated)),
		seconds(o.story.lasted(stale)), again)
}

// How long a fault lasts, how long both are given to get over it, and for how long they must have.
const (
	lastsBrief, lastsAll = 8 * time.Second, 25 * time.Second
	getOver              = time.Minute
	quiet                = 4 * time.Second
)

// TestBesideNUT boots the card and Debian's NUT, each with the same UPS, and lets the UPS fail.
func TestBesideNUT(t *testing.T) {
	nut := needNUT(t)
	bootNUT := func() *machine { return nut.boot(t, sim.New(borrowed(t), sim.Options{}), "") }
	ours := boot(t, setup{ups: []*sim.UPS{sim.New(borrowed(t), sim.Options{})}, config: owners, ordered: true})
	theirs := bootNUT()
	t.Run("Faults", func(t *testing.T) { theirs = faultsBesideNUT(t, ours, theirs, bootNUT) })
	t.Run("Orders", func(t *testing.T) { ordersBesideNUT(&machine{ours.Card, t}, &machine{theirs.Card, t}) })
}

// faultsBesideNUT lets clients of both watch through the same faults. What NUT does is shown, what the card does is held to its promises. BESIDE=all plays all
// scenes, BESIDE=WORDS those whose names hold the words; docs/faults.md has the table. It returns the guest with NUT, which bootNUT makes anew where it
// does not recover.
func faultsBesideNUT(t *testing.T, card, guest *machine, bootNUT func() *machine) *machine {
	want, lasts := os.Getenv("BESIDE"), lastsAll
	if want == "" {
		lasts = lastsBrief
	}
	ours, theirs := newSide("upscard", &machine{card.Card, t}), newSide("NUT", &machine{guest.Card, t})
	t.Logf("upsd of the guest is %s", theirs.vars("ups")["driver.version"])

	var table []string
	for _, sc := range scenes {
		if !(want == "" && sc.brief || want == "all" || want != "" && strings.Contains(sc.name, want)) {
			continue
		}
		mark := ours.Console.Mark()
		ours.view.reset()
		for _, o := range sc.play(t, lasts, ours, theirs) {
			table = append(table, o.row())
			t.Log(o.row())
			if o.side == ours.name {
				sc.hold(t, ours, o, mark)
			}
		}
		if err := sc.end(t, ours); err != nil {
			t.Fatalf("%s: %v", sc.name, err)
		}
		if err := sc.end(t, theirs); err != nil {
			t.Logf("%s: NUT's guest is booted anew: %v", sc.name, err)
			theirs.Stop(0)
			guest = bootNUT()
			theirs = newSide("NUT", &machine{guest.Card, t})
		}
	}
	if table == nil {
		t.Fatalf("no scene is called %q", want)
	}
	t.Logf("\n| fault, for %v | driver | what clients saw | wrong | no longer true | stale | right after its end |\n|---|---|---|---|---|---|---|\n%s", lasts,
		strings.Join(table, "\n"))
	if writes, cuts := ours.ups().Writes(), ours.ups().Model().Cuts; len(writes) > 0 || len(cuts) > 0 {
		t.Errorf("the card wrote %x, and the load was cut: %+v", writes, cuts)
	}
	return guest
}

// play lets the sides live through the scene, up to where each is right again for a while.
func (sc scene) play(t *testing.T, lasts time.Duration, sides ...*side) []outcome {
	t.Helper()
	await := func(d time.Duration) { // what is measured is this span
		t.Helper()
		select {
		case <-time.After(d):
		case <-sides[0].Exited():
			t.Fatalf("%s: the card stopped", sc.name)
		}
	}
	for _, s := range sides {
		s.view.tell()
		if sc.fault != "" {
			r, err := sim.ParseRule(strings.Fields(sc.fault))
			if err == nil {
				err = s.ups().Inject(r)
			}
			if err != nil {
				t.Fatalf("%s: %v", sc.name, err)
			}
		}
		for command := range strings.SplitSeq(sc.act, "; ") {
			if command != "" {
				s.do(s.ups(), command)
			}
		}
	}
	const lead = time.Second
	await(lead)
	if sc.outage {
		for _, s := range sides {
			s.view.expect("OB")
			s.do(s.ups(), "mains off")
		}
	}
	if sc.fault != "" || sc.outage { // what somebody did once is over
		await(lasts - lead)
	}
	var all []outcome
	for _, s := range sides {
		all = append(all, outcome{scene: sc.name, side: s.name, healed: time.Now()})
		s.ups().Heal()
	}
	over := func(s *side) bool {
		told := s.view.told()
		at := told.rightFrom()
		return !at.IsZero() && time.Since(at) > quiet
	}
	for begin := time.Now(); time.Since(begin) < quiet || time.Since(begin) < getOver && slices.ContainsFunc(sides, func(s *side) bool { return !over(s) }); {
		await(pace)
	}
	for i, s := range sides {
		all[i].story = s.view.told()
	}
	return all
}

// end brings the mains back, and waits until the side has seen it.
func (sc scene) end(t *testing.T, s *side) error {
	t.Helper()
	s.view.expect("OL")
	s.do(s.ups(), "mains on")
	s.do(s.ups(), "battery 100")
	_, err := s.view.recovered(s.machine, patience)
	return err
}

// hold asserts what is promised of the card.
func (sc scene) hold(t *testing.T, s *side, o outcome, mark int) {
	t.Helper()
	failed := false
	fail := func(format string, args ...any) {
		t.Helper()
		failed = true
		t.Errorf("%s: "+format, append([]any{sc.name}, args...)...)
	}
	for _, text := range s.view.takeWrong() {
		fail("%s", text)
	}
	if at := o.story.rightFrom(); at.IsZero() || at.Sub(o.healed) > recoveryLimit {
		fail("not right within %v after it", recoveryLimit)
	}
	if d := o.story.lasted(stale); sc.hidden && d > 0 {
		fail("stale for %v", d)
	}
	for _, l := range s.Console.Lines()[mark:] {
		if failed {
			t.Logf("%s %s", l.At.Format("15:04:05.000"), l.Text)
		}
	}
}

// ordersBesideNUT lets the UPS fail while a variable of it is set, on the card and with Debian's NUT. What NUT says is shown, what the card says must be true.
// ORDERS=all plays all faults; docs/faults.md has the table.
func ordersBesideNUT(ours, theirs *machine) {
	t, all := ours.t, os.Getenv("ORDERS") == "all"
	var table []string
	for i, c := range []struct {
		name, fault string
		brief       bool
	}{
		{"none", "", true},
		{"the write is refused", "stall set", true},
		{"acknowledged, and nothing done", "ignore set", true},
		{"garbled on the wire", "ioerror set", false},
		{"not answered", "silence set", false},
		{"done, and answered 2 s late", "late set", false},
		{"pulled out in mid transfer", "unplug set times 1", false},
	} {
		if !c.brief && !all {
			continue
		}
		row := "| " + c.name
		for _, m := range []*machine{ours, theirs} {
			ups, want := m.UPS[0], 30+i
			m.awaitAnswer("ups", "ups.status", "^OL", patience)
			before := len(ups.Writes())
			if c.fault != "" {
				m.do(ups, "fault "+c.fault)
			}
			begin := time.Now()
			said := m.order("owner", "owners-own", "upsrw", "-s", fmt.Sprint("battery.charge.low=", want), "ups@"+m.Addr("nut"))
			took := time.Since(begin)
			lines := strings.Split(said, "\n")
			said = lines[len(lines)-1]
			ups.Heal()
			done, written := ups.Model().LowCharge == float64(want), len(ups.Writes())-before
			row += fmt.Sprintf(" | %s after %s; done: %v, written %d times", said, seconds(took), done, written)
			if m == ours && (strings.HasSuffix(said, "SUCCESS") != done && c.fault != "late set" || written > 1) {
				t.Errorf("%s: it says %q, done: %v, written %d times", c.name, said, done, written)
			}
		}
		table = append(table, row+" |")
	}
	t.Logf("\n| what the UPS does | upscard | NUT %s |\n|---|---|---|\n%s", theirs.vars("ups")["driver.version"], strings.Join(table, "\n"))
}
