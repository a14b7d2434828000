package usbhid

// flag is one thing that a UPS says of its state.
type flag uint64

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
	batteryUsed // the load is fed from the battery, whatever the mains are like
	batteryAged // its time is over
	monitored   // the charger's state is told by the flags that follow, in place of charging and discharging
	abmCharging
	abmDischarging
	selfTest  // the UPS says that it tests its battery
	acAbsent  // is never in a table: worries stands it in for acPresent being off
	underTest // is never in a table: a test or a calibration runs, by the word of the UPS or by an order
	unsure    // is never in a table: mains went during a test, so lately that it may be the test's doing
	drill     // is never in a table: mains and discharging at once that the owner takes for a calibration
)

// lowFlags each make LB.
const lowFlags = lowBattery | timeExpired | shutdownImminent

// remarks are flags that say why, or warn: nothing hangs on learning of them within seconds, and when the state changes they are read at once.
const remarks = voltageRange | frequencyRange | fanFailed | batteryVoltageLow | batteryVoltageHigh | chargerFailed | ecoMode

// class says how often a flag is read. A test is looked for whenever a battery that feeds the load might be its doing.
func (f flag) class() class {
	if f&(remarks|selfTest) != 0 {
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
	w := f.on & (lowFlags | overload | replaceBattery | batteryAged | noBattery | off)
	if f.dark() && !f.has(unsure) || f.aside() && !f.has(underTest) {
		w |= acAbsent
	}
	return w
}

// dark reports whether the UPS says that there are no mains.
func (f flags) dark() bool {
	if f.known&acPresent == 0 {
		return f.discharging()
	}
	return !f.has(acPresent)
}

// aside reports whether mains are there and the load is fed from the battery all the same, as in a test. It takes two flags: the one alone
// was seen to come and go on healthy mains (PowerWalker VI 1500 RT, NUT issue 569).
func (f flags) aside() bool {
	return f.has(batteryUsed) && f.discharging() && !f.has(off|autoBypass|manualBypass|ecoMode)
}

// told reports whether the charger's state is told by the flags of ABM.
func (f flags) told() bool { return f.has(monitored) && f.known&abmCharging != 0 }

func (f flags) charging() bool {
	if f.told() {
		return f.has(abmCharging)
	}
	return f.has(charging)
}

func (f flags) discharging() bool {
	if f.told() {
		return f.has(abmDischarging)
	}
	return f.has(discharging)
}

// weighty are the flags that one report alone never sets or clears: the worries, that there are mains, a test, which may hide an outage, and what has
// somebody told of the mains.
func (f flags) weighty() flag {
	return f.worries() | f.on&(acPresent|drill|selfTest|calibrating|trim|boost|autoBypass|manualBypass)
}
