package usbhid

import (
	"slices"
	"time"
)

// readings are values that were read but are not believed yet.
type readings map[*point]reading

// decode reads every point that the report holds. Points beyond the end of a short report are left out.
func (m *model) decode(k key, report []byte) readings {
	r := make(readings)
	m.decodeInto(r, k, report)
	return r
}

// decodeInto adds to readings what the report holds.
func (m *model) decodeInto(r readings, k key, report []byte) {
	for _, f := range m.indexed().feeds[k] {
		if f.blank(report) {
			continue
		}
		if raw, ok := f.field.Raw(report); ok {
			r[f.point] = reading{raw, f.field.Physical(raw)}
		}
	}
}

// commit believes the readings.
func (m *model) commit(r readings) {
	at := time.Now()
	for p, now := range r {
		p.now, p.known, p.at = now, true, at
	}
}

// flags returns the state as it would be with the readings believed.
func (m *model) flags(with readings) flags { return m.trial.mark(m.told(with)) }

// told returns the state as the UPS tells it, whether it tests itself or not.
func (m *model) told(with readings) flags {
	var f flags
	for _, s := range m.slots {
		src, ok := m.source(s)
		if s.flag == 0 || !ok {
			continue
		}
		now, read := with[src.point]
		if !read {
			now, read = src.now, src.known
		}
		if !read {
			continue
		}
		if on, known := src.sense(now.raw); known {
			f.set(s.flag, on)
		}
	}
	if m.family.judge != nil {
		f = m.family.judge(f)
	}
	return m.tuning.read(f)
}

// change returns the weighty flags that the readings would change.
func (m *model) change(with readings) flag { return m.flags(with).weighty() ^ m.flags(nil).weighty() }

// stated reports whether the UPS has said what every client goes by: that there are mains, or none, or that it is off. Of one that has no way to
// tell of mains it is enough to know whether it discharges.
func (m *model) stated() bool {
	f := m.told(nil)
	return f.known&acPresent != 0 || f.discharging() || f.has(off) || !m.tellsOf(acPresent) && f.known&discharging != 0
}

// tellsOf reports whether there is a field for any of the flags.
func (m *model) tellsOf(any flag) bool {
	return slices.ContainsFunc(m.slots, func(s *slot) bool { return s.flag&any != 0 })
}

// feeding returns the reports that any of the flags are read from.
func (m *model) feeding(weighty flag) map[key]bool {
	if weighty&(acAbsent|drill) != 0 {
		weighty |= acPresent | discharging | batteryUsed | monitored | abmCharging | abmDischarging
	}
	keys := make(map[key]bool)
	for _, s := range m.slots {
		if src, ok := m.source(s); ok && s.flag&weighty != 0 {
			keys[src.key()] = true
		}
	}
	return keys
}

// sole reports whether the flag comes by no other way than by asking for the report.
func (m *model) sole(k key, f flag) bool {
	found := false
	for _, s := range m.slots {
		for _, src := range s.sources {
			if s.flag != f || m.dead[src.key()] {
				continue
			}
			if src.key() != k || src.input != nil {
				return false
			}
			found = true
		}
	}
	return found
}

// strip takes the values behind the flags out of the readings and returns them.
func (m *model) strip(r readings, weighty flag) readings {
	keys, removed := m.feeding(weighty), make(readings)
	for p, now := range r {
		if keys[p.key()] {
			removed[p] = now
			delete(r, p)
		}
	}
	return removed
}

// disputes reports whether a reading says another thing of the state than the source that is believed. UPSes tell one
// thing in several places.
func (m *model) disputes(r readings) bool {
	f := m.flags(r)
	for _, s := range m.slots {
		for _, src := range s.sources {
			now, ok := r[src.point]
			if s.flag == 0 || !ok {
				continue
			}
			if on, known := src.sense(now.raw); known && on != f.has(s.flag) {
				return true
			}
		}
	}
	return false
}
