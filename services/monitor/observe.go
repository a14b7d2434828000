package monitor

import (
	"slices"
	"strings"
)

// words are the status words that raise a notice when they come and another when they go, in the order in which upsmon looks for those
// that went.
var words = []struct {
	word   string
	flag   Flags
	on, no Type
}{
	{"CAL", calibrating, Cal, NotCal},
	{"OFF", isOff, Off, NotOff},
	{"BYPASS", bypassed, Bypass, NotBypass},
	{"ALARM", alarmed, Alarm, NotAlarm},
	{"OVER", overloaded, Over, NotOver},
	{"TRIM", trimming, Trim, NotTrim},
	{"BOOST", boosting, Boost, NotBoost},
	{"ECO", economic, Eco, NotEco},
}

// silent are the words that mean nothing to a monitor.
var silent = []string{"HB", "CHRG", "DISCHRG"}

// economy are the modes, beside ECO, that vendors have for it (upsmon(8), ECO).
var economy = []string{":ECO", ":ESS", ":HE", ":SMART"}

// observe takes one reading of a UPS.
func (t *turn) observe(u UPS, r Reading) {
	m := t.state.UPS[u.Name]
	if r.Logins >= 0 && r.Server != m.Server {
		m.Server, m.Served = r.Server, t.now
	}
	if !r.OK || r.Status == "" {
		t.gone(u, &m)
	} else {
		t.alive(u, &m)
		before := m.Flags
		t.status(u, &m, r)
		t.times(&m, before)
		t.limits(&m, r)
	}
	if t.over(m.LastPoll, t.config.DeadTime) && m.Flags.has(onBattery) {
		m.Flags |= low
	}
	t.state.UPS[u.Name] = m
}

func (t *turn) alive(u UPS, m *Memory) {
	m.LastPoll = t.now
	m.LostSince = zero
	if m.Contact == lost {
		t.tell(CommOK, u.Name, "")
	}
	m.Contact = inContact
}

func (t *turn) gone(u UPS, m *Memory) {
	if m.Contact != lost {
		m.Contact, m.LostSince = lost, t.now
		t.tell(CommBad, u.Name, "")
		return
	}
	if t.now.Sub(m.LastPoll) >= t.config.NoCommWarnTime && t.now.Sub(m.LastNCWarn) > t.config.NoCommWarnTime {
		t.tell(NoComm, u.Name, "")
		m.LastNCWarn = t.now
	}
}

// status compares the words with those of the reading before: first what went, then what is there, word by word.
func (t *turn) status(u UPS, m *Memory, r Reading) {
	said := strings.Fields(strings.ToUpper(r.Status))
	if slices.ContainsFunc(economy, func(mode string) bool { return strings.Contains(strings.ToUpper(r.Mode), mode) }) && !slices.Contains(said, "ECO") {
		said = append(said, "ECO")
	}
	if !slices.Contains(said, "LB") {
		m.Flags &^= low
	}
	if !slices.Contains(said, "FSD") {
		m.Flags &^= forced
		m.FSDTold = m.FSDTold && t.forces(u.Name) // else a reading from before it was set would have it told again
	}
	for _, w := range words {
		if m.Flags.has(w.flag) && !slices.Contains(said, w.word) {
			m.Flags &^= w.flag
			t.tell(w.no, u.Name, "")
		}
	}
	var other []string
	for _, word := range said {
		if !t.word(u, m, word, r) {
			other = append(other, word)
		}
	}
	t.other(u, m, other)
}

// word takes one word of the status, and reports whether it means something here.
func (t *turn) word(u UPS, m *Memory, word string, r Reading) bool {
	switch word {
	case "OL":
		if !m.Flags.has(onLine) {
			if m.Line != unknownLine {
				t.tell(Online, u.Name, "")
			}
			m.Line, m.Flags = fromMains, m.Flags&^onBattery|onLine
		}
	case "OB":
		if t.rises(m, onBattery) {
			t.tell(OnBatt, u.Name, "")
			m.Line, m.Flags = fromBattery, m.Flags&^onLine
		}
	case "LB":
		if t.rises(m, low) {
			t.tell(LowBatt, u.Name, "")
		}
	case "RB":
		if t.now.Sub(m.LastRBWarn) > t.config.RBWarnTime {
			t.tell(ReplBatt, u.Name, "")
			m.LastRBWarn = t.now
		}
	case "FSD":
		if t.rises(m, forced) {
			t.tellFSD(u.Name, m)
		}
	default:
		return t.flag(u, m, word, r) || slices.Contains(silent, word)
	}
	return true
}

// flag takes a word of the table.
func (t *turn) flag(u UPS, m *Memory, word string, r Reading) bool {
	for _, w := range words {
		if w.word != word {
			continue
		}
		more := ""
		again := false
		if w.flag == alarmed {
			more, again = r.Alarm, r.Alarm != m.Alarm && r.Alarm != ""
			m.Alarm = r.Alarm
		}
		if t.rises(m, w.flag) || again {
			t.tell(w.on, u.Name, more)
		}
		return true
	}
	return false
}

// other takes the words that mean nothing here.
func (t *turn) other(u UPS, m *Memory, now []string) {
	slices.Sort(now)
	if slices.Equal(now, m.Other) {
		return
	}
	m.Other = now
	if len(now) > 0 {
		t.tell(Other, u.Name, strings.Join(now, " "))
	} else {
		t.tell(NotOther, u.Name, "")
	}
}

// rises sets a flag, and reports whether it was not set.
func (t *turn) rises(m *Memory, f Flags) bool {
	was := m.Flags.has(f)
	m.Flags |= f
	return !was
}

// forces reports whether FSD is of our own making.
func (t *turn) forces(name string) bool {
	for _, q := range t.state.Sequences {
		if slices.ContainsFunc(q.Members, func(m Member) bool { return m.UPS == name && m.FSD == Done }) {
			return true
		}
	}
	return false
}

// tellFSD tells of a forced shutdown once, whether we see it or made it.
func (t *turn) tellFSD(name string, m *Memory) {
	if !m.FSDTold {
		m.FSDTold = true
		t.tell(FSD, name, "")
	}
}
