package monitor

import (
	"fmt"
	"slices"
	"time"
)

// How the load is switched off.
const (
	usualDelay = 60 * time.Second // of an order, where the UPS does not tell: the longest of our drivers' defaults
	settle     = 30 * time.Second // how long a UPS may take beyond its delay, and how old a reading must not be to tell of an order
	maxTries   = 3
	leastDelay = 5 * time.Second // of FINALDELAY, though the battery ends
	lastCharge = 5               // percent, of a battery that ends
	patience   = time.Hour       // in one stage, before somebody is called
)

// off orders each load off, and waits for the answers.
func (t *turn) off(q *Sequence) {
	waiting := false
	for i := range q.Members {
		m := &q.Members[i]
		if t.cameBack(m) && !q.ordered() {
			q.again()
			return
		}
		t.offMember(q, m)
		waiting = waiting || m.Order == NotAsked || m.Order == Asked || m.Order == Doubtful
	}
	if waiting {
		t.callAfterPatience(q, "its load could not be ordered off")
		return
	}
	q.enter(StageWaiting, t.now)
}

// cameBack reports whether a UPS that could not be told anything is there again after so long that machines may be as well: they must get
// their time to log out again.
func (t *turn) cameBack(m *Member) bool {
	memory := t.state.UPS[m.UPS]
	if m.Order == NotAsked && memory.Contact == lost && t.now.Sub(memory.LostSince) > t.config.DeadTime {
		m.Unreached = true
	}
	return m.Unreached && memory.Contact == inContact
}

func (t *turn) offMember(q *Sequence, m *Member) {
	r := t.in.Readings[m.UPS]
	if m.Order == Doubtful {
		t.resolve(q, m, r)
	}
	if m.Order != NotAsked || !r.OK || t.others(q) { // before an order is repeated too
		return
	}
	command := t.choose(m, r)
	if command != "" {
		m.Command, m.Order, m.At, m.Tries = command, Asked, t.now, m.Tries+1
		m.Delay = r.delay()
		t.ask(Order, m.UPS, command)
		t.tell(OffOrder, m.UPS, command)
		return
	}
	if !t.state.UPS[m.UPS].plain() && t.config.Off == OffReturn {
		t.call(q, m.UPS, "it has no command that switches its load off until the mains are back, so its battery will run down")
		return // on the mains it may be rebooted
	}
	m.Order = Never
	q.Alarmed = false
	t.call(q, m.UPS, "it has no command that switches its load off and on again: start the machines by hand")
}

// delay is how long the UPS takes from an order to its end.
func (r Reading) delay() time.Duration {
	if r.Delay > 0 {
		return r.Delay
	}
	return usualDelay
}

// choose returns the command that suits, "" for none. shutdown.reboot switches the load on again whether or not the mains are there, so it is
// for a UPS on the mains only; commands after which somebody must press a button are given only if the owner names one.
func (t *turn) choose(m *Member, r Reading) string {
	candidates := []string{t.config.Off}
	if t.config.Off == OffReturn {
		candidates = []string{"shutdown.return"}
		if t.state.UPS[m.UPS].plain() {
			candidates = append(candidates, "shutdown.reboot")
		}
	}
	for _, c := range candidates {
		if slices.Contains(r.Commands, c) && !slices.Contains(m.Refused, c) {
			return c
		}
	}
	return ""
}

func (m *Member) noteOrder(o Outcome) {
	switch o {
	case Succeeded:
		m.Order = Done
	case Refused:
		m.Order = NotAsked
		m.Refused = append(m.Refused, m.Command)
	case Later:
		m.Order, m.At, m.Tries = NotAsked, zero, m.Tries-1
	case Unclear:
		m.Order = Doubtful
	}
}

// resolve finds out what became of an order that nobody answered. The UPS tells by its timers, or by a load that is off; one that tells neither
// is not told again.
func (t *turn) resolve(q *Sequence, m *Member, r Reading) {
	told := r.OK && r.At.Sub(m.At) >= settle
	switch {
	case r.OK && (r.Timer == TimerRuns || t.state.UPS[m.UPS].Flags.has(isOff)):
		m.Order = Done
	case told && r.Timer == TimerIdle && m.Tries < maxTries:
		m.Order = NotAsked
	case told, t.now.Sub(m.At) > m.Delay+2*settle:
		q.Alarmed = false
		t.call(q, m.UPS, fmt.Sprintf("nobody knows whether it obeyed %s, and the order is not repeated", m.Command))
		m.Order = Never
	}
}

// call calls somebody, once in a stage.
func (t *turn) call(q *Sequence, ups, why string) {
	if !q.Alarmed {
		q.Alarmed = true
		t.tell(Attention, ups, why)
	}
}

func (t *turn) callAfterPatience(q *Sequence, why string) {
	if t.now.Sub(q.Since) < patience {
		return
	}
	for _, m := range q.Members {
		t.call(q, m.UPS, why)
	}
}
