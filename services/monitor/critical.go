package monitor

import (
	"fmt"
	"time"
)

var zero time.Time

// since keeps a time while a condition holds: now if it begins, nothing when it has ended.
func (t *turn) since(at *time.Time, holds bool) {
	switch {
	case !holds:
		*at = zero
	case at.IsZero():
		*at = t.now
	}
}

// over reports whether more than d has passed since a time. upsmon counts whole seconds, so to it 15 are over when 16 have begun; a host's
// monitor is no sooner.
func (t *turn) over(at time.Time, d time.Duration) bool {
	if t.config.Halts {
		return t.now.Sub(at) >= d+time.Second
	}
	return t.now.Sub(at) > d
}

// times notes since when what matters has been so. before is what the flags were.
func (t *turn) times(m *Memory, before Flags) {
	if !before.has(onBattery|low) || !m.Flags.has(onBattery|low) || m.Flags.has(calibrating) {
		m.LastNonCrit = t.now
	}
	t.since(&m.BatterySince, m.Flags.has(onBattery))
	t.since(&m.OverSince, m.Flags.has(overloaded))
	began := !m.OffSince.IsZero()
	t.since(&m.OffSince, m.Flags.has(isOff))
	off := t.config.OffDuration
	m.OffLong = m.Flags.has(isOff) && (off == 0 || off > 0 && (m.OffLong || began && t.over(m.OffSince, off)))
}

// limits notes since when a limit of charge or runtime is passed.
func (t *turn) limits(m *Memory, r Reading) {
	c := t.config
	passed := c.Charge > 0 && r.Charge >= 0 && r.Charge <= float64(c.Charge) || c.Runtime > 0 && r.Runtime >= 0 && r.Runtime <= c.Runtime
	t.since(&m.LimitSince, passed && m.Flags.has(onBattery))
}

// beyondLimit reports whether a UPS on battery has passed one of the owner's limits. One reading of the charge is not enough: it must last.
func (t *turn) beyondLimit(m *Memory) bool {
	if !m.Flags.has(onBattery) {
		return false
	}
	const steady = 5 * time.Second
	return !m.LimitSince.IsZero() && t.now.Sub(m.LimitSince) >= steady ||
		t.config.OnBattery > 0 && !m.BatterySince.IsZero() && t.now.Sub(m.BatterySince) >= t.config.OnBattery
}

// critical says why a UPS no longer counts as feeding anything, "" if it does.
func (t *turn) critical(u UPS, m *Memory) string {
	c := t.config
	if m.Flags.has(forced) {
		return "a forced shutdown was ordered"
	}
	if why := t.deadly(m); why != "" {
		return why
	}
	if m.OffLong && m.Flags.has(isOff) && c.OffDuration >= 0 {
		return "the UPS is off"
	}
	limit := t.beyondLimit(m)
	if !m.Flags.has(onBattery|low) && !limit {
		m.OBLBSince = zero
		return ""
	}
	if m.Flags.has(calibrating) {
		return ""
	}
	if c.OBLBDuration > 0 {
		t.since(&m.OBLBSince, true)
		if t.now.Sub(m.OBLBSince) < c.OBLBDuration {
			return ""
		}
	}
	if !u.Primary && !t.over(m.LastNonCrit, c.HostSync) {
		return "" // the primary still has time to say so
	}
	if limit {
		return "on battery beyond a limit"
	}
	return "on battery and low"
}

// deadly says why a UPS that is lost counts as dead, "" if it does not.
func (t *turn) deadly(m *Memory) string {
	c := t.config
	if m.Contact != lost || c.Cautious && t.now.Sub(m.LostSince) < c.DeadTime {
		return ""
	}
	switch {
	case m.Flags.has(overloaded) && c.OverDuration >= 0 && t.now.Sub(m.OverSince) >= c.OverDuration:
		return "lost while overloaded"
	case m.Flags.has(alarmed) && c.AlarmCritical:
		return "lost in alarm"
	case m.Flags.has(calibrating):
		return "lost while calibrating"
	case m.Flags.has(bypassed):
		return "lost on bypass"
	case m.Flags.has(isOff) && c.OffDuration >= 0:
		return "lost while off"
	}
	return ""
}

// due says why a group must be shut down now, "" if it need not be.
func (t *turn) due(g group) string {
	if t.in.Force {
		return "somebody ordered it"
	}
	fed, reason, credible := 0, "", !t.config.Cautious
	for _, u := range g.ups {
		m := t.state.UPS[u.Name]
		why := t.critical(u, &m)
		t.state.UPS[u.Name] = m
		if why == "" {
			fed += u.Power
			continue
		}
		reason = fmt.Sprintf("UPS %s: %s", u.Name, why)
		credible = credible || m.Flags.has(onBattery) || m.Flags.has(forced) && t.in.Readings[u.Name].FSD
	}
	if fed >= g.min || !credible {
		return ""
	}
	return reason
}
