package model

import "time"

// Lengths of what the unit does by itself.
const (
	quickTest = 10 * time.Second
	restTime  = 10 * time.Second // how long a reboot leaves the load without power
	grain     = 100 * time.Millisecond
)

// Step moves the unit d forward in time.
func (u *Unit) Step(d time.Duration) {
	for ; d > 0; d -= grain {
		u.step(min(d, grain))
	}
}

func (u *Unit) step(d time.Duration) {
	u.now += d
	u.flow(d)
	u.test(d)
	u.timers(d)
}

// flow moves charge into or out of the battery.
func (u *Unit) flow(d time.Duration) {
	switch {
	case u.Discharging():
		full := float64(u.Rating.FullLoad) * 100 / max(u.Load, lightest)
		u.Charge = max(0, u.Charge-100*float64(d)/full)
	case u.Charging():
		u.Charge = min(100, u.Charge+100*float64(d)/float64(u.Rating.Recharge))
	}
	if u.Charge == 0 && u.OnBattery() {
		u.waiting = true
		u.cut("the battery is empty", false)
	}
}

// test goes on with a battery test. It ends when the mains fail, and a deep one when the battery is low.
func (u *Unit) test(d time.Duration) {
	if !u.Testing() {
		return
	}
	u.testLeft -= d
	switch {
	case !u.LineGood():
		u.TestState = TestAborted
	case u.testDeep && u.Charge > u.LowCharge, !u.testDeep && u.testLeft > 0:
	case u.Worn:
		u.TestState = TestFailed
	default:
		u.TestState = TestPassed
	}
}

func (u *Unit) timers(d time.Duration) {
	if count(&u.Shutdown, d) {
		u.waiting = u.Startup >= 0
		u.startupSet = u.Startup
		u.cut(u.orderedBy, true)
	}
	if count(&u.Reboot, d) {
		u.waiting, u.Startup, u.startupSet = true, restTime, restTime
		u.cut(u.orderedBy, true)
	}
	switch {
	case u.Output || !u.waiting:
	case !u.LineGood():
		u.Startup = u.startupSet // counts from the mains' return
	case u.Startup < 0 || count(&u.Startup, d):
		u.PowerOn()
	}
}

// count moves a timer on and reports whether it has just run out.
func count(timer *time.Duration, d time.Duration) bool {
	if *timer < 0 {
		return false
	}
	if *timer -= d; *timer > 0 {
		return false
	}
	*timer = Off
	return true
}

// cut takes the power from the load.
func (u *Unit) cut(reason string, ordered bool) {
	if !u.Output {
		return
	}
	u.Output, u.Shutdown, u.Reboot = false, Off, Off
	u.Cuts = append(u.Cuts, Cut{At: u.now, Ordered: ordered, Reason: reason})
}

// PowerOn powers the load, if there is anything to power it from.
func (u *Unit) PowerOn() {
	if u.LineGood() || u.Charge > 0 {
		u.Output, u.waiting, u.Startup, u.startupSet = true, false, Off, Off
	}
}

// PowerOff cuts the load at once, and it stays off.
func (u *Unit) PowerOff(by string) {
	u.waiting = false
	u.cut(by, true)
}

// OrderShutdown begins to count down to the load's loss of power, or stops doing so where after is negative.
func (u *Unit) OrderShutdown(after time.Duration, by string) {
	u.Shutdown, u.orderedBy = max(after, Off), by
}

// OrderReboot is OrderShutdown for a loss of a few seconds.
func (u *Unit) OrderReboot(after time.Duration, by string) {
	u.Reboot, u.orderedBy = max(after, Off), by
}

// OrderStartup says how long after a shutdown, and after the mains are there, the load gets its power back. Negative means never.
func (u *Unit) OrderStartup(after time.Duration) {
	u.Startup, u.startupSet = max(after, Off), max(after, Off)
	u.waiting = !u.Output && after >= 0
}

// StartTest begins a battery test, quick or deep, where the mains allow it.
func (u *Unit) StartTest(deep bool) {
	if u.Output && u.LineGood() && !u.Testing() {
		u.TestState, u.testDeep, u.testLeft = TestRunning, deep, quickTest
	}
}

// StopTest ends a running battery test without a result.
func (u *Unit) StopTest() {
	if u.Testing() {
		u.TestState = TestAborted
	}
}
