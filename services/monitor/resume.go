package monitor

import (
	"maps"
	"slices"
	"time"
)

// Resume makes a state that was read back at a start fit to go on with. The clock may have jumped since it was written, and no wait may be
// shortened by that: the wait of a stage begins anew, that for the others included unless the load was already ordered off. What was asked
// and not answered is doubtful. UPSes that are no longer watched are forgotten.
func (s State) Resume(c *Config, now time.Time) State {
	s = s.clone()
	maps.DeleteFunc(s.UPS, func(name string, _ Memory) bool {
		return !slices.ContainsFunc(c.UPS, func(u UPS) bool { return u.Name == name })
	})
	for name, m := range s.UPS {
		m.resume(now)
		s.UPS[name] = m
	}
	groups := c.groups()
	maps.DeleteFunc(s.Sequences, func(name string, q Sequence) bool {
		return q.Stage == StageHalted || !slices.ContainsFunc(groups, func(g group) bool { return g.name == name })
	})
	for name, q := range s.Sequences {
		q.resume(now)
		s.Sequences[name] = q
	}
	return s
}

func (m *Memory) resume(now time.Time) {
	for _, t := range []*time.Time{&m.LastPoll, &m.LastNonCrit, &m.LostSince, &m.OffSince, &m.OverSince, &m.OBLBSince, &m.BatterySince, &m.LimitSince} {
		if !t.IsZero() {
			*t = now
		}
	}
	for _, t := range []*time.Time{&m.LastRBWarn, &m.LastNCWarn, &m.Served} {
		if t.After(now) {
			*t = now
		}
	}
}

func (q *Sequence) resume(now time.Time) {
	q.Since = now
	for i := range q.Members {
		m := &q.Members[i]
		m.Seen = m.Seen || m.FSD == Asked
		for _, a := range []*Ask{&m.FSD, &m.Cleared} { // harmless to ask for again
			if *a != Done {
				*a = NotAsked
			}
		}
		if m.Order == Asked {
			m.Order = Doubtful
		}
		if !m.At.IsZero() {
			m.At = now
		}
	}
	if q.Stage == StageFinal || q.Stage == StageOff && !q.ordered() {
		q.again()
	}
	if !q.Shown.IsZero() {
		q.Shown = now
	}
}

// ordered reports whether a load may have been ordered off.
func (q *Sequence) ordered() bool {
	return slices.ContainsFunc(q.Members, func(m Member) bool { return m.Order != NotAsked && m.Order != Never })
}

// again goes back to the wait for the others: they may have come back meanwhile.
func (q *Sequence) again() {
	q.Stage, q.Synced = StageFSD, false
	for i := range q.Members {
		q.Members[i].Unreached = false
		q.Members[i].FSD = NotAsked // asked for again, should the server have lost it
	}
	q.Shown = time.Time{}
}
