package hid

// global is the state that lasts until it is changed (HID 1.11, 6.2.2.7).
type global struct {
	page           uint16
	logMin, logMax item // kept as declared: how to read one depends on the other
	physMin        int64
	physMax        int64
	exponent       int
	unit           uint32
	size, count    uint32
	reportID       uint8
}

// declared reports whether a Logical Minimum or Maximum came at all.
func (g *global) declared() bool { return g.logMin.tag != 0 || g.logMax.tag != 0 }

// logical returns the logical range. A maximum below the minimum is the commonest mistake in UPS descriptors: 25 ff
// for 255, 26 ff ff for 65535; its bytes are then taken as an unsigned number.
func (g *global) logical() (lo, hi int64, assumed bool) {
	lo, hi = g.logMin.signed(), g.logMax.signed()
	if hi < lo {
		return lo, int64(g.logMax.value), true
	}
	return lo, hi, false
}

// span is a run of usages, both ends included.
type span struct{ first, last Usage }

// Limits of local state: what a UPS declares stays far below.
const (
	maxSpans   = 1024
	maxChoices = 256
)

// local is the state that a main item consumes (HID 1.11, 6.2.2.8).
type local struct {
	spans     []span
	minimum   item // the Usage Minimum that waits for its Maximum; tag 0 if none does
	delimited bool // within a Delimiter set
	preferred bool // the set's first usage was seen: the others are alternatives
}

// reset forgets everything but keeps the memory.
func (l *local) reset() { *l = local{spans: l.spans[:0]} }

// add appends a run of usages, or skips it where it is but an alternative in a delimiter set. It reports false when
// there are too many.
func (l *local) add(s span) bool {
	if l.delimited {
		if l.preferred {
			return true
		}
		l.preferred = true
	}
	if len(l.spans) >= maxSpans {
		return false
	}
	l.spans = append(l.spans, s)
	return true
}

// first returns the first usage, 0 if none was declared.
func (l *local) first() Usage {
	if len(l.spans) == 0 {
		return 0
	}
	return l.spans[0].first
}

// choices expands the usages, at most maxChoices.
func (l *local) choices() []Usage {
	var all []Usage
	for _, s := range l.spans {
		for u := s.first; len(all) < maxChoices; u++ {
			all = append(all, u)
			if u == s.last {
				break
			}
		}
	}
	return all
}
