package model

import "time"

// lightest is the load below which the unit's own consumption hides the difference, in percent.
const lightest = 5

// LineGood reports whether the mains are fit to power the load.
func (u *Unit) LineGood() bool {
	return u.Mains && u.InputVolts >= u.LowTransfer && u.InputVolts <= u.HighTransfer
}

// OnBattery reports whether the battery powers the load because the mains cannot.
func (u *Unit) OnBattery() bool { return u.Output && !u.LineGood() }

// Testing reports whether a battery test is running.
func (u *Unit) Testing() bool { return u.TestState == TestRunning }

// Discharging reports whether current flows out of the battery.
func (u *Unit) Discharging() bool { return u.OnBattery() || u.Testing() }

// Charging reports whether current flows into the battery.
func (u *Unit) Charging() bool { return u.LineGood() && !u.Testing() && u.Charge < 100 }

// Low reports whether the battery nears its end while it is needed.
func (u *Unit) Low() bool {
	return u.OnBattery() && (u.Charge <= u.LowCharge || u.Runtime() <= u.LowRuntime)
}

// lastMinute is the runtime that is left when a unit warns for the last time.
const lastMinute = time.Minute

// Ending reports whether the battery is about to give up.
func (u *Unit) Ending() bool { return u.OnBattery() && u.Runtime() <= lastMinute }

// Overloaded reports whether the load takes more than the unit can give.
func (u *Unit) Overloaded() bool { return u.Overload || u.OutputLoad() > 100 }

// Boosting and Bucking report whether the transformer lifts or lowers the mains.
func (u *Unit) Boosting() bool { return u.LineGood() && u.InputVolts < u.Rating.InputVolts*0.9 }

// Bucking: see Boosting.
func (u *Unit) Bucking() bool { return u.LineGood() && u.InputVolts > u.Rating.InputVolts*1.1 }

// Waiting reports whether the load is off until the mains return.
func (u *Unit) Waiting() bool { return !u.Output && u.waiting }

// OutputLoad is the percentage of the rating that is taken now.
func (u *Unit) OutputLoad() float64 {
	if !u.Output {
		return 0
	}
	return u.Load
}

// Runtime is how long the battery lasts at the present load.
func (u *Unit) Runtime() time.Duration {
	full := float64(u.Rating.FullLoad) * 100 / max(u.Load, lightest)
	return time.Duration(full * u.Charge / 100)
}

// LineVolts is the voltage at the inlet.
func (u *Unit) LineVolts() float64 {
	if !u.Mains {
		return 0
	}
	return u.InputVolts
}

// LineHertz is the frequency at the inlet.
func (u *Unit) LineHertz() float64 {
	if !u.Mains {
		return 0
	}
	return u.InputHertz
}

// OutputVolts is the voltage at the outlets.
func (u *Unit) OutputVolts() float64 {
	switch {
	case !u.Output:
		return 0
	case u.OnBattery():
		return u.Rating.OutputVolts
	case u.Boosting():
		return u.InputVolts * 1.12
	case u.Bucking():
		return u.InputVolts * 0.88
	}
	return u.InputVolts * u.Rating.OutputVolts / u.Rating.InputVolts
}

// OutputHertz is the frequency at the outlets.
func (u *Unit) OutputHertz() float64 {
	switch {
	case !u.Output:
		return 0
	case u.OnBattery():
		return u.Rating.Hertz
	}
	return u.InputHertz
}

// BatteryVolts is the voltage at the battery's poles: it floats on the mains and sags with the load and with what was taken.
func (u *Unit) BatteryVolts() float64 {
	full := u.Rating.FloatVolts
	if u.Discharging() {
		return full * (0.80 + 0.13*u.Charge/100 - 0.03*u.Load/100)
	}
	return full * (0.93 + 0.07*u.Charge/100)
}
