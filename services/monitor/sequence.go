package monitor

import "time"

// begin is a new sequence.
func begin(g group, reason string, now time.Time) Sequence {
	q := Sequence{Stage: StageFSD, Since: now, Reason: reason}
	for _, u := range g.primaries() {
		q.Members = append(q.Members, Member{UPS: u.Name})
	}
	return q
}

func (q *Sequence) enter(s Stage, now time.Time) {
	q.Stage, q.Since, q.Alarmed = s, now, false
}

// advance does what the stage wants, and reports whether the sequence goes on.
func (t *turn) advance(q *Sequence) bool {
	switch q.Stage {
	case StageFSD:
		return t.force(q)
	case StageFinal:
		t.showAgain(q)
		t.final(q)
	case StageOff:
		t.showAgain(q)
		t.off(q)
	case StageWaiting:
		t.wait(q)
	case StageEnding:
		return t.end(q)
	}
	return true
}

// force sets FSD on every UPS of which we are the primary, then waits for the others. A secondary has nobody to wait for.
func (t *turn) force(q *Sequence) bool {
	if t.canStop(q) {
		return false
	}
	if !t.show(q) {
		return true
	}
	if q.Shown.IsZero() {
		q.Shown = t.now
	}
	if t.others(q) {
		if !q.Synced {
			q.Synced = true
			t.tell(HostSync, "", "")
		}
		t.callAfterPatience(q, "the others are still waited for")
		return true
	}
	q.enter(StageFinal, t.now)
	t.tell(Shutdown, "", q.Reason)
	return true
}

// show asks for FSD as long as the server is not known to hold it, and reports whether it does everywhere. A machine that is to halt does not
// wait for a server that does not answer.
func (t *turn) show(q *Sequence) bool {
	shown := true
	for i := range q.Members {
		m := &q.Members[i]
		if t.in.Readings[m.UPS].FSD && m.FSD != Done {
			t.isShown(m)
		}
		if m.FSD == NotAsked {
			m.FSD = Asked
			t.ask(SetFSD, m.UPS, "")
		}
		shown = shown && (m.FSD == Done || m.FSD == Never)
	}
	return shown
}

func (t *turn) isShown(m *Member) {
	m.FSD, m.Seen = Done, true
	memory := t.state.UPS[m.UPS]
	t.tellFSD(m.UPS, &memory)
	t.state.UPS[m.UPS] = memory
}

// showAgain asks for FSD again where the server has lost it: another one may have been started without its files.
func (t *turn) showAgain(q *Sequence) {
	for i := range q.Members {
		m := &q.Members[i]
		if r := t.in.Readings[m.UPS]; m.FSD == Done && r.known() && !r.FSD && t.now.Sub(q.Shown) >= settle {
			m.FSD, q.Shown = NotAsked, t.now
		}
	}
	t.show(q)
}

// canStop reports whether the mains came back before any client could know.
func (t *turn) canStop(q *Sequence) bool {
	for _, m := range q.Members {
		if m.Seen || m.FSD == Asked || !t.state.UPS[m.UPS].plain() || t.in.Readings[m.UPS].FSD {
			return false
		}
	}
	return len(q.Members) > 0 && !t.in.Force
}

// plain is a UPS on the mains that can be read.
func (m Memory) plain() bool {
	return m.Contact == inContact && m.Flags.has(onLine) && !m.Flags.any(onBattery|isOff)
}

// others reports whether anybody but us may still be logged in, and HOSTSYNC has not run out.
func (t *turn) others(q *Sequence) bool {
	for _, m := range q.Members {
		if !t.loggedIn(m.UPS) {
			continue
		}
		since := q.Shown
		if served := t.state.UPS[m.UPS].Served; served.After(since) { // nobody saw FSD while there was no server
			since = served
		}
		if t.config.Halts && !t.over(since, t.config.HostSync) || t.now.Sub(since) < t.config.HostSync {
			return true
		}
	}
	return false
}

// loggedIn reports whether anybody but us may be logged in to a UPS. A server that has just started does not know: machines log in again when
// they next ask.
func (t *turn) loggedIn(name string) bool {
	r, served := t.in.Readings[name], t.state.UPS[name].Served
	return r.Logins > t.own(name) || !t.config.Halts && (!r.known() || t.now.Sub(served) < t.config.HostSync)
}

// final waits for the last time, for machines that came back meanwhile too. Then this machine halts, or the load is switched off.
func (t *turn) final(q *Sequence) {
	switch {
	case t.now.Sub(q.Since) < t.config.FinalDelay && !t.batteryEnds(q) || !t.config.Halts && t.others(q):
	case t.config.Halts:
		q.enter(StageHalted, t.now)
		t.ask(Halt, "", "")
	case t.config.Off == OffNone:
		q.enter(StageWaiting, t.now)
	default:
		q.enter(StageOff, t.now)
	}
}

// batteryEnds reports whether a load can be switched off in order only if it is done now, the machines having had the time that upsmon gives
// them by default. When a battery ends by itself, machines start as soon as the mains are back, are told of FSD, and halt again.
func (t *turn) batteryEnds(q *Sequence) bool {
	if t.config.Halts || t.now.Sub(q.Since) < leastDelay {
		return false
	}
	for _, m := range q.Members {
		r := t.in.Readings[m.UPS]
		if r.OK && t.state.UPS[m.UPS].Flags.has(onBattery) && (r.Runtime >= 0 && r.Runtime <= r.delay()+settle || r.Charge >= 0 && r.Charge <= lastCharge) {
			return true
		}
	}
	return false
}

// end takes FSD back everywhere, and reports whether some is left: it is over when the server shows it no more, or the next step would take
// what it still shows for another order.
func (t *turn) end(q *Sequence) bool {
	left := false
	for i := range q.Members {
		m := &q.Members[i]
		if r := t.in.Readings[m.UPS]; r.known() && !r.FSD {
			m.Cleared = Done
			continue
		}
		left = true
		if m.Cleared == NotAsked || m.Cleared == Done && t.now.Sub(q.Since) >= settle {
			m.Cleared, q.Since = Asked, t.now
			t.ask(ClearFSD, m.UPS, "")
		}
	}
	if left {
		return true
	}
	for _, m := range q.Members {
		memory := t.state.UPS[m.UPS]
		memory.Flags &^= forced
		memory.FSDTold = false
		t.state.UPS[m.UPS] = memory
		t.tell(FSDEnd, m.UPS, "")
	}
	return false
}

// result notes what became of an intent.
func (t *turn) result(r Result) {
	for name, q := range t.state.Sequences {
		for i := range q.Members {
			if m := &q.Members[i]; m.UPS == r.UPS {
				t.note(m, r)
			}
		}
		t.state.Sequences[name] = q
	}
}

func (t *turn) note(m *Member, r Result) {
	switch r.Kind {
	case SetFSD:
		t.noteFSD(m, r.Outcome)
	case ClearFSD:
		m.Cleared = NotAsked // asked for again
		if r.Outcome == Succeeded {
			m.Cleared = Done
		}
	case Order:
		if m.Order == Asked && m.Command == r.Command {
			m.noteOrder(r.Outcome)
		}
	}
}

func (t *turn) noteFSD(m *Member, o Outcome) {
	if o == Succeeded {
		t.isShown(m)
		return
	}
	m.Seen = m.Seen || o == Unclear
	switch {
	case m.FSD == Done:
	case t.config.Halts:
		m.FSD = Never
	default:
		m.FSD = NotAsked
	}
}
