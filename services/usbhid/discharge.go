package usbhid

import "time"

// dischargeWatch decides when to warn that a UPS tells mains and discharging at once, and nobody has said what that means. UPSes do it for
// hours, so it is not said each time.
type dischargeWatch struct {
	charge float64 // when it was last said; 0 if it was not
	at     time.Time
}

// warnUnlessCharged is how often to warn where the charge is not known.
const warnUnlessCharged = 30 * time.Second

// judge reports whether to warn now. charge is negative where it is not known.
func (w *dischargeWatch) judge(t *Tuning, f flags, charge float64, now time.Time) bool {
	if !f.discharging() {
		*w = dischargeWatch{}
		return false
	}
	if !f.has(acPresent) || f.worries()&acAbsent != 0 || f.has(calibrating) || t.OnBattery || t.Calibration {
		return false
	}
	if !w.due(t, charge, now) {
		return false
	}
	w.charge, w.at = max(charge, 0), now
	return true
}

func (w *dischargeWatch) due(t *Tuning, charge float64, now time.Time) bool {
	hovering := float64(t.Hovering)
	if hovering == 0 {
		hovering = 100
	}
	switch {
	case charge > 0 && charge != w.charge && charge < hovering:
		return true
	case w.at.IsZero():
		return charge <= 0
	case t.WarnEvery != nil:
		return *t.WarnEvery >= 0 && now.Sub(w.at) >= *t.WarnEvery
	}
	return charge < 0 && now.Sub(w.at) >= warnUnlessCharged
}
