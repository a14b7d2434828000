package usbhid

import (
	"cmp"
	"slices"
	"strings"
)

// plan lists the reports to read with the quickest class that any of their values has. Reports that cannot be read
// are left out.
func (m *model) plan() map[class][]key {
	classes := make(map[key]class)
	for _, s := range m.slots {
		if src, ok := m.source(s); ok && !m.dead[src.key()] {
			c, planned := classes[src.key()]
			if !planned || src.class < c {
				classes[src.key()] = src.class
			}
		}
	}
	for k, c := range m.others() {
		if _, planned := classes[k]; !planned && !m.dead[k] {
			classes[k] = c
		}
	}
	plan := make(map[class][]key)
	for k, c := range classes {
		plan[c] = append(plan[c], k)
	}
	// Without a single flag something else has to tell that the device is alive.
	for _, c := range []class{live, seldom, static} {
		if len(plan[status]) == 0 {
			plan[status], plan[c] = plan[c], nil
		}
	}
	for _, keys := range plan {
		slices.SortFunc(keys, compareKeys)
	}
	return plan
}

// moving reports whether the values that change quickly may do so now: off the mains, during a test, or while a timer runs. A battery that charges is slow.
func (m *model) moving() bool {
	if f := m.flags(nil); !f.has(acPresent) || f.has(underTest) {
		return true
	}
	for _, s := range m.slots {
		if strings.HasPrefix(s.name, "ups.timer.") {
			src, ok := m.source(s)
			if ok && src.known && src.now.value > 0 && src.now.raw != 1<<src.field().Size-1 { // -1 where the range begins at 0 (Tripp Lite): stopped
				return true
			}
		}
	}
	return false
}

// others are the reports that are needed beside those of variables and flags. A command is offered once its report could be read.
func (m *model) others() map[key]class {
	keys := make(map[key]class)
	if m.full != nil {
		keys[m.full.key()] = static
	}
	for _, c := range m.commands {
		for _, ctl := range c.controls {
			keys[ctl.key()] = static
		}
	}
	for _, n := range m.alarms {
		keys[n.key()] = seldom
	}
	return keys
}

func compareKeys(a, b key) int { return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.id, b.id)) }
