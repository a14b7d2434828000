package usbhid

// flag is one thing that a UPS says of its state.
type flag uint32

const (
	acPresent flag = 1 << iota
	discharging
	charging
	fullyCharged
	depleted
	lowBattery
	timeExpired
	shutdownImminent
	overload
	replaceBattery
	noBattery
	trim
	boost
	autoBypass
	manualBypass
	off
	calibrating
	overheated
	fault
	awaitingPower
	chargerFailed
	voltageRange
	frequencyRange
	fanFailed
	batteryVoltageLow
	batteryVoltageHigh
	ecoMode
	acAbsent // is never in a table: worries stands it in for acPresent being off
)

// lowFlags each make LB.
const lowFlags = lowBattery | timeExpired | shutdownImminent

// remarks are flags that say why, or warn: nothing hangs on learning of them within seconds, and when the state changes they are read at once.
const remarks = voltageRange | frequencyRange | fanFailed | batteryVoltageLow | batteryVoltageHigh | chargerFailed | ecoMode

// class says how often a flag is read.
func (f flag) class() class {
	if f&remarks != 0 {
		return seldom
	}
	return status
}

// flags is what is known of the state: a flag that is not known was never read.
type flags struct{ known, on flag }

func (f flags) has(b flag) bool { return f.on&b != 0 }

func (f *flags) set(b flag, on bool) {
	f.known |= b
	f.on &^= b
	if on {
		f.on |= b
	}
}

// worries are the flags behind OB, LB, OVER, RB and OFF.
func (f flags) worries() flag {
	w := f.on & (lowFlags | overload | replaceBattery | noBattery | off)
	switch {
	case f.known&acPresent != 0 && !f.has(acPresent), f.known&acPresent == 0 && f.has(discharging):
		w |= acAbsent
	}
	return w
}

// weighty are the flags that one report alone never sets or clears: the worries, and that there are mains.
func (f flags) weighty() flag { return f.worries() | f.on&acPresent }
