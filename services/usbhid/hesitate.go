package usbhid

import (
	"strings"
	"time"

	"github.com/upscard/upscard/services/usb"
)

// hesitation is how long a low or worn battery must be told on mains by a UPS that tells so for a second or two
// whenever it looks after its battery (APC BX-MI, BVK-M2, BK-M2-CH of 2023 on). Nothing is lost by it: on mains there
// is no hurry, on battery it does not apply.
const hesitation = 3 * time.Second

// batteryFlags are what such a UPS says of its battery.
const batteryFlags = lowFlags | replaceBattery | noBattery

// hesitates tells how long to wait on mains, and whether only while the UPS calibrates.
func (m *model) hesitates() (wait time.Duration, calibratingOnly bool) {
	t, known := &m.tuning, m.family.hesitant != nil && m.family.hesitant(m.id)
	switch {
	case t.Hesitation != nil:
		return *t.Hesitation, !known && !t.HesitateAlways
	case known:
		return hesitation, false
	}
	return 0, false
}

// momentary is how long a UPS must say that it is off while there are mains: some say so for a moment when they switch to or from the
// battery. Nothing is lost by it: who is fed by a UPS that is off does not wait for its status.
const momentary = 2 * time.Second

// hesitate takes out of readings what has to last before it is believed. It reports whether the UPS said that it is off, for then it
// should be asked again soon.
func (s *session) hesitate(with readings) (soon bool) {
	s.hesitateToComplain(with)
	was, f := s.model.flags(nil), s.model.flags(with)
	if !f.has(off) || !f.has(acPresent) || was.has(off) || was.known&off == 0 || !s.model.asked(off) {
		s.offSince = time.Time{}
		return false
	}
	if s.offSince.IsZero() {
		s.offSince = time.Now()
	}
	if time.Since(s.offSince) >= momentary {
		return false
	}
	s.model.withhold(with, off)
	s.recheck = max(s.recheck, 1)
	return true
}

// asked reports whether a flag can be asked for. What comes by interrupts alone may come once.
func (m *model) asked(f flag) bool {
	for _, s := range m.slots {
		if src, ok := m.source(s); ok && s.flag == f {
			return !m.dead[src.key()]
		}
	}
	return false
}

// hesitateToComplain takes a complaint about the battery out of readings until it has lasted.
func (s *session) hesitateToComplain(with readings) {
	wait, calibratingOnly := s.model.hesitates()
	if wait == 0 {
		return
	}
	f := s.model.flags(with)
	complaint := f.on & batteryFlags &^ s.model.flags(nil).on
	onMains := f.has(acPresent) && f.worries()&acAbsent == 0
	if complaint == 0 || !onMains || calibratingOnly && !f.has(calibrating) {
		s.complaining = time.Time{}
		return
	}
	now := time.Now()
	if s.complaining.IsZero() {
		s.complaining = now
	}
	if now.Sub(s.complaining) < wait {
		s.model.withhold(with, complaint)
	}
}

// withhold takes the values of the flags out of the readings.
func (m *model) withhold(r readings, f flag) {
	for _, s := range m.slots {
		if src, ok := m.source(s); ok && s.flag&f != 0 {
			delete(r, src.point)
		}
	}
}

// apcHesitant knows the models by their names: "Back-UPS BX750MI", "BK650M2-CH".
func apcHesitant(id usb.ID) bool {
	for word := range strings.FieldsSeq(id.ProductName) {
		for _, shape := range [][2]string{{"BX", "MI"}, {"BVK", "M2"}, {"BK", "M2-CH"}, {"BK", "M2_CH"}} {
			if strings.HasPrefix(word, shape[0]) && strings.HasSuffix(word, shape[1]) {
				return true
			}
		}
	}
	return false
}
