package e2e

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/upscard/upscard/tools/virtups/devices"
	"github.com/upscard/upscard/tools/virtups/sim"
)

// What is promised, times three for the emulated machine: data again after a fault, and stale after three poll intervals of 2 s.
const (
	slow          = 3
	recoveryLimit = slow * 3 * time.Second
	staleLimit    = slow * 3 * 2 * time.Second
)

// steadyFor is how long a UPS must be fresh and right to have recovered: an old value that nobody has doubted yet would not last so long.
const steadyFor = 1500 * time.Millisecond

// kernelPatience is how long the guest's kernel alone keeps a device from the card after the fault is over: it waits 5 s for a descriptor. What it began to ask
// for in the moment in which QEMU detached the device, QEMU does not end, and the kernel asks such a device four times.
func kernelPatience(e sim.Episode) time.Duration {
	const each, tries = 5 * time.Second, 4
	if e.Rule.Stage&(sim.Enumeration|sim.Descriptor) == 0 {
		return 0
	}
	switch e.Rule.Fault {
	case sim.FaultUnplug, sim.FaultReset, sim.FaultReaddress, sim.FaultSwap:
		return tries * each
	case sim.FaultHang, sim.FaultSilence:
		return each
	}
	return 0
}

// soak is one TestFaultSoak.
type soak struct {
	*machine
	faulty  *sim.UPS
	view    *view // of the faulty UPS
	healthy *view

	struck, unmet int
	recovery      []time.Duration
	replugs       []string
}

// Faults at random, one after another, on one of two UPSes. What clients see is right or is said to be stale, the other UPS does not notice, and afterwards
// nothing has grown. FAULTS says how many, SEED which.
func TestFaultSoak(t *testing.T) {
	count, seed := number(t, "FAULTS", 16), number(t, "SEED", 1)
	other, err := devices.Open("plain-600")
	if err != nil {
		t.Fatal(err)
	}
	m := bootReady(t, setup{devices: []string{"", ""}})
	m.awaitAnswer("ups2", "ups.status", "^OL", patience)
	s := &soak{machine: m, faulty: m.UPS[0], view: m.watch("ups"), healthy: m.watch("ups2")}

	s.faulty.Swap(other) // once before anything is measured: its seat and driver stay
	m.awaitAnswer("ups3", "ups.status", "^OL", patience)
	s.faulty.Heal()
	s.settle("swap")
	before := s.look(s.usage())
	s.healthy.reset()
	s.healthy.strict(true)
	select {
	case <-time.After(calm): // what is measured is this span
	case <-m.Exited():
		t.Fatal("the card stopped")
	}
	calmMedian, calmMost := s.healthy.spread()
	s.healthy.reset()
	s.view.reset()

	n := 0
	for e := range sim.Chaos(uint64(seed), []uint8{0x10, 0x20}, other) {
		if n == count {
			break
		}
		n++
		s.episode(n, e)
	}
	s.figures(n, seed)
	median, most := s.healthy.spread()
	t.Logf("the healthy UPS's answers: median %v, worst %v; without faults %v, %v", median, most, calmMedian, calmMost)
	if median > slow*max(calmMedian, pace/10) || most > slow*time.Second {
		t.Error("the healthy UPS answered later while the other one failed")
	}
	s.healthy.strict(false)
	s.compare(before)
}

// calm is how long the healthy UPS's answers are measured without faults.
const calm = 5 * time.Second

// usage is what all programs take.
type usage struct {
	taken     map[string]taken
	processes map[string]int
}

// raise takes over the goroutines of which there are more in another look.
func (u usage) raise(other usage) {
	for name, t := range u.taken {
		for kind, n := range other.taken[name].goroutines {
			t.goroutines[kind] = max(t.goroutines[kind], n)
		}
	}
}

// usage looks at what the programs take, but for their goroutines.
func (s *soak) usage() usage { return usage{s.takenByAll(), s.processes()} }

// shows are the programs whose goroutines are looked at: all but init, which does not end. upsd comes first: those who are connected to it come and go with it.
var shows = []string{"upsd", "upsmon", "mdnsd", "netd", "usbhid-ups 1", "usbhid-ups 2", "usbhid-ups 3"}

// look adds the goroutines. It ends each program for that, which starts again.
func (s *soak) look(u usage) usage {
	s.t.Helper()
	mark := s.Console.Mark()
	for _, name := range shows {
		if name == "upsmon" {
			s.connected(mark)
		}
		if name == "usbhid-ups 1" {
			s.rest()
		}
		t, runs := u.taken[name]
		if !runs {
			s.t.Fatalf("%s does not run", name)
		}
		t.goroutines = s.goroutines(name)
		u.taken[name] = t
	}
	s.settle("programs started again")
	s.awaitAnswer("ups2", "ups.status", "^OL", patience)
	return u
}

// connected waits until all are that have to do with upsd, which has started since the mark: each of three UPSes is followed by upsd, upsmon and mdnsd.
func (s *soak) connected(mark int) {
	s.t.Helper()
	for begin := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		counts := map[string]int{}
		for _, l := range s.Console.Lines()[mark:] {
			if found := regexp.MustCompile(`(upsd|upsmon|mdnsd): .*msg="connected to driver"`).FindStringSubmatch(l.Text); found != nil {
				counts[found[1]]++
			}
		}
		if counts["upsd"] >= 3 && counts["upsmon"] >= 3 && counts["mdnsd"] >= 3 {
			return
		}
		if time.Since(begin) > patience {
			s.t.Fatalf("connected again: %v", counts)
		}
	}
}

// rest waits until the faulty UPS has not been asked for anything for a while: its driver has nothing under way.
func (s *soak) rest() {
	s.t.Helper()
	const quiet = 300 * time.Millisecond
	asked, since := s.faulty.Transfers(), time.Now()
	for begin := time.Now(); time.Since(since) < quiet; time.Sleep(quiet / 30) {
		if n := s.faulty.Transfers(); n != asked {
			asked, since = n, time.Now()
		}
		if time.Since(begin) > patience {
			s.t.Fatal("the faulty UPS is asked without a pause")
		}
	}
}

// compare asserts that nothing has grown. What is on its way out when it looks first, such as a client's connection, may go.
func (s *soak) compare(before usage) {
	s.t.Helper()
	after := s.usage()
	for begin := time.Now(); growth(before, after) != nil && time.Since(begin) < patience; {
		after = s.usage()
	}
	after = s.look(after)
	for name, a := range after.taken {
		s.t.Logf("%-12s %v, before %v", name, a, before.taken[name])
	}
	if growth(before, after) != nil { // the console may have lost a line of what was shown before: programs that have just started show it again
		before.raise(s.look(s.usage()))
	}
	for _, text := range growth(before, after) {
		s.t.Error(text)
	}
	if n := s.zombies(); n > 0 {
		s.t.Errorf("%d processes ended that nobody has waited for", n)
	}
}

// growth lists what has grown.
func growth(before, after usage) []string {
	return append(grew(before.taken, after.taken), more("processes of ", before.processes, after.processes)...)
}

func number(t *testing.T, name string, otherwise int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("%s: %q is no number from 1", name, text)
	}
	return n
}

// episode lets the faulty UPS fail once, and holds the card to what it promises.
func (s *soak) episode(n int, e sim.Episode) {
	s.t.Helper()
	mark, struck, asked := s.Console.Mark(), s.faulty.Struck(), s.faulty.Transfers()
	name := fmt.Sprintf("%d: %v", n, e)
	if err := s.faulty.Inject(e.Rule); err != nil {
		s.t.Fatal(err)
	}
	if e.Outage {
		s.view.expect("OB")
		s.do(s.faulty, "mains off")
	}
	if e.Replug {
		s.do(s.faulty, "reset")
	}
	s.last(e.Last, name)
	struck = s.faulty.Struck() - struck
	s.faulty.Heal()
	s.view.expect("OL")
	s.do(s.faulty, "mains on")
	s.do(s.faulty, "battery 100")
	took, err := s.recover(e, name)
	if err != nil {
		s.fault(fmt.Sprintf("%s: %v", name, err), mark)
	} else {
		s.recovery = append(s.recovery, max(0, took-kernelPatience(e)))
	}
	s.judge(name, mark)
	if s.struck += struck; struck == 0 {
		s.unmet++
	}
	s.t.Logf("%s: struck %d times in %d transfers, right again after %v, old status told for %v", name, struck, s.faulty.Transfers()-asked,
		took.Round(10*time.Millisecond), s.view.takeLag().Round(10*time.Millisecond))
}

// last lets the fault last, for less time where nothing is left of it and clients see the truth: what follows is the same then.
func (s *soak) last(span time.Duration, name string) {
	s.t.Helper()
	for end := time.After(span); s.faulty.Sick() || !s.view.isRight(); {
		select {
		case <-end:
			return
		case <-time.After(pace):
		case <-s.Exited():
			s.t.Fatalf("%s: the card stopped: %v", name, s.Status())
		}
	}
}

// recover waits until the faulty UPS is right again. What a kernel has given up at enumeration nobody can bring back but by the plug.
func (s *soak) recover(e sim.Episode, name string) (time.Duration, error) {
	took, err := s.view.recovered(s.machine, recoveryLimit+kernelPatience(e))
	if err == nil {
		return took, nil
	}
	s.do(s.faulty, "reset")
	again, replugErr := s.view.recovered(s.machine, patience)
	if replugErr != nil {
		s.t.Fatalf("%s: not even after a replug: %v", name, replugErr)
	}
	if e.Rule.Stage != sim.Enumeration {
		return took, err
	}
	s.replugs = append(s.replugs, e.Rule.Fault.String())
	return again, nil
}

// fault reports what went wrong in an episode, with what the card said of it.
func (s *soak) fault(text string, mark int) {
	s.t.Helper()
	s.t.Error(text)
	lines := s.Console.Lines()[mark:]
	for _, l := range lines[:min(len(lines), 100)] {
		s.t.Logf("%s %s", l.At.Format("15:04:05.000"), l.Text)
	}
}

// judge reports what clients should not have seen.
func (s *soak) judge(name string, mark int) {
	s.t.Helper()
	for _, wrong := range s.view.takeWrong() {
		s.fault(name+": the faulty UPS: "+wrong, mark)
	}
	for _, wrong := range s.healthy.takeWrong() {
		s.fault(name+": the healthy UPS: "+wrong, mark)
	}
	// Debian's client sees the same.
	if got := s.upsc("ups@"+s.Addr("nut"), "ups.status"); !strings.HasPrefix(got, "OL") {
		s.fault(fmt.Sprintf("%s: upsc says %q after it", name, got), mark)
	}
}

// settle waits until the faulty UPS is right.
func (s *soak) settle(what string) {
	s.t.Helper()
	if _, err := s.view.recovered(s.machine, patience); err != nil {
		s.t.Fatalf("%s: %v", what, err)
	}
}

// figures prints what was measured.
func (s *soak) figures(n, seed int) {
	slices.Sort(s.recovery)
	if len(s.recovery) == 0 {
		s.t.Fatalf("none of %d faults was got over", n)
	}
	s.t.Logf("%d faults of seed %d: struck %d times, %d never met, %d replugs at enumeration %v", n, seed, s.struck, s.unmet,
		len(s.replugs), s.replugs)
	stale, old := s.view.extremes()
	s.t.Logf("right again after a fault, the kernel's own patience left out: median %v, worst %v; longest stale %v; longest old status %v", s.recovery[len(s.recovery)/2],
		s.recovery[len(s.recovery)-1], stale, old)
}
