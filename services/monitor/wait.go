package monitor

import "fmt"

// wait waits until each load was cut and has power again.
func (t *turn) wait(q *Sequence) {
	back := true
	for i := range q.Members {
		m := &q.Members[i]
		t.watch(m)
		if t.ignored(m) {
			t.ignore(q, m)
			if q.Stage != StageWaiting {
				return
			}
		}
		back = t.back(q, m) && back
	}
	if !back {
		t.callAfterPatience(q, "the forced shutdown is not over yet")
		return
	}
	for _, m := range q.Members {
		if m.Late {
			t.tell(Attention, m.UPS, "machines came back before the forced shutdown was over: they may have halted again")
		}
	}
	q.enter(StageEnding, t.now)
}

// watch notes what can be seen of an order's effect. A timer that ran and has run out has cut the load, also where no OFF tells of it.
func (t *turn) watch(m *Member) {
	r, memory := t.in.Readings[m.UPS], t.state.UPS[m.UPS]
	if m.At.IsZero() {
		return
	}
	due := t.now.Sub(m.At) >= m.Delay
	m.Ran = m.Ran || r.OK && r.Timer == TimerRuns
	m.Cut = m.Cut || memory.Contact == lost && due || memory.Contact == inContact && memory.Flags.has(isOff) || m.Ran && r.OK && r.Timer == TimerIdle && due
	m.Empty = m.Empty || r.Logins <= t.own(m.UPS) // unknown: the server is gone, and every login with it
	m.Late = m.Late || m.Empty && r.FSD && r.Logins > t.own(m.UPS)
}

func (t *turn) own(name string) int {
	for _, u := range t.config.UPS {
		if u.Name == name {
			return u.Own
		}
	}
	return 0
}

// back reports whether a UPS feeds its load from the mains, and no order is about to change that. FSD must be gone before a machine that was
// cut is up again, or it halts again; but where nobody was cut it stays long enough for all to see it.
func (t *turn) back(q *Sequence, m *Member) bool {
	r := t.in.Readings[m.UPS]
	switch {
	case !r.OK || !t.state.UPS[m.UPS].plain() || r.Timer == TimerRuns:
		return false
	case m.FSD == Done && r.known() && !r.FSD && t.now.Sub(q.Since) >= settle: // somebody took it back
		return true
	case m.At.IsZero():
		return t.now.Sub(q.Since) >= t.config.HostSync
	case m.Cut:
		return t.now.Sub(m.At) >= m.Delay
	}
	return t.now.Sub(m.At) >= m.Delay+settle
}

// ignored reports whether a UPS took an order, and goes on as if there had been none.
func (t *turn) ignored(m *Member) bool {
	r, memory := t.in.Readings[m.UPS], t.state.UPS[m.UPS]
	if m.Order != Done || !r.OK || r.Timer == TimerRuns || memory.Flags.has(isOff) {
		return false
	}
	if memory.Flags.has(onBattery) {
		return t.now.Sub(m.At) >= m.Delay+2*settle
	}
	return !m.Ran && !m.Cut && t.now.Sub(m.At) >= m.Delay+settle
}

// ignore orders again what was certainly not done, the next best command if there is one, or calls somebody.
func (t *turn) ignore(q *Sequence, m *Member) {
	r := t.in.Readings[m.UPS]
	if r.Timer == TimerIdle && m.Tries < maxTries {
		if m.Tries > 1 || t.state.UPS[m.UPS].plain() {
			m.Refused = append(m.Refused, m.Command)
		}
		if t.choose(m, r) != "" {
			m.Order = NotAsked
			q.enter(StageOff, t.now)
			return
		}
	}
	m.Order = Never
	q.Alarmed = false
	t.call(q, m.UPS, fmt.Sprintf("it took %s, and nobody saw its load go off: machines may have to be started by hand", m.Command))
}
