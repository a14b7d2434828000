package usbhid

import (
	"strconv"
	"time"

	"github.com/upscard/upscard/services/ups"
)

// remark logs what an owner should know of the state that is about to be published.
func (s *session) remark(vars map[string]ups.Var) {
	b := s.model.battery(&inputs{vars: vars})
	if s.said == "" && s.opts.Tuning.IgnoreLow {
		s.remarkOnLow(b)
	}
	if s.discharge.judge(&s.opts.Tuning, s.model.flags(nil), b.charge, time.Now()) {
		s.log.Warn("the UPS tells mains and discharging at once: onlinedischarge_calibration or onlinedischarge_onbattery can say what it means",
			"charge", vars["battery.charge"].Value)
	}
}

// remarkOnLow says where LB comes from when it shall not come from the UPS.
func (s *session) remarkOnLow(b battery) {
	charge, runtime := b.charge >= 0 && b.chargeLow >= 0, b.runtime >= 0 && b.runtimeLow >= 0
	if !charge && !runtime {
		s.log.Warn("ignorelb: neither battery.charge with battery.charge.low nor battery.runtime with battery.runtime.low is known; " +
			"the UPS's own flag counts")
		return
	}
	s.log.Info("ignorelb: LB comes from", "battery.charge", charge, "battery.runtime", runtime)
}

// warnOfDelays tells of delays that were given and will not be kept: CyberPower's round down to whole minutes.
func (u *UPS) warnOfDelays() {
	if u.model.family != &cyberpower {
		return
	}
	for name, least := range map[string]int{"ups.delay.shutdown": 1, "ups.delay.start": 0} {
		if n, err := strconv.Atoi(u.model.kept[name]); err == nil && n >= least && (n < 60 || n%60 != 0) {
			u.log.Warn("the UPS rounds delays down to whole minutes: give a multiple of 60", "name", name, "value", n)
		}
	}
}
