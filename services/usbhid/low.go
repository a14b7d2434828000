package usbhid

// computedLow is the low battery of a UPS that has no flag for it: charge or runtime below the UPS's own threshold, while on battery. One odd
// reading does not make it: two status rounds in a row have to agree.
type computedLow struct {
	said   bool // by the last round
	agreed bool // by the last two
}

// judgeLow looks at what a status round has read. It reports whether the next round should come soon, to agree or not.
func (m *model) judgeLow() (doubtful bool) {
	f := m.flags(nil)
	if f.worries()&acAbsent == 0 {
		m.low = computedLow{}
		return false
	}
	in := &inputs{vars: m.vars(nil), texts: m.texts}
	b := m.battery(in)
	if m.low.agreed && !b.comparable() {
		return false // it was low: nobody has charged it since
	}
	low := f.worries()&acAbsent != 0 && runningOut(m.tuning.low(f, b), b)
	doubtful = low && !m.low.said
	m.low = computedLow{said: low, agreed: low && m.low.said}
	return doubtful
}
