package usbhid

import "time"

// Tuning is how the owner wants a UPS to be treated, by the options of NUT's usbhid-ups. The zero value leaves all to the UPS's family.
type Tuning struct {
	// How it is read.
	PollOnly      bool // not by interrupts
	InterruptOnly bool // by interrupts alone
	InterruptSize int  // bytes to read of each, 0 for all
	MaxReport     bool // ask for reports with room for the largest
	AsDescribed   bool // do not repair its report descriptor

	// Mains and discharging at once are on battery, or a calibration. Where they are neither the log warns of them.
	OnBattery, Calibration bool
	WarnEvery              *time.Duration // nil: when the charge changes, else each 30 s; negative: when the charge changes
	Hovering               int            // percent from which on a charge is no reason to warn; 0 for 100

	// How long a complaint about the battery must last on mains; nil for what the family needs. It holds while the UPS calibrates,
	// or always.
	Hesitation     *time.Duration
	HesitateAlways bool

	IgnoreLow bool     // LB comes from charge and runtime, not from the UPS's flag
	Shutdown  []string // commands for shutdown.default, the best first; nil for the standard ones

	// Variables whatever the UPS says, and where it says nothing.
	Override, Default map[string]string
}

// read is what the flags of a UPS mean to its owner.
func (t *Tuning) read(f flags) flags {
	if !f.has(acPresent) || !f.discharging() {
		return f
	}
	if t.Calibration {
		f.set(calibrating, true)
		f.set(drill, true)
	}
	if t.OnBattery {
		f.set(acPresent, false)
	}
	return f
}

// low takes the UPS's own word on a low battery away where the owner does not want it, if there is something else to go by.
func (t *Tuning) low(f flags, b battery) flags {
	if t.IgnoreLow && b.comparable() {
		f.known &^= lowFlags
		f.on &^= lowFlags
	}
	return f
}

// comparable reports whether charge or runtime is known together with its threshold.
func (b battery) comparable() bool {
	return b.charge >= 0 && b.chargeLow >= 0 || b.runtime >= 0 && b.runtimeLow >= 0
}

// shutdowns are the commands that shutdown.default stands for.
func (t *Tuning) shutdowns() []string {
	if len(t.Shutdown) == 0 {
		return defaults
	}
	var all []string
	for _, name := range t.Shutdown {
		if name == shutdownDefault {
			all = append(all, defaults...)
			continue
		}
		all = append(all, name)
	}
	return all
}
