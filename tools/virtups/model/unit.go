// Package model is a line-interactive UPS with a battery as a function of time.
package model

import "time"

// Rating is what a unit was built for.
type Rating struct {
	InputVolts, OutputVolts, BatteryVolts float64 // nominal
	FloatVolts                            float64 // of a full battery on the mains
	Hertz                                 float64
	Watts, VoltAmperes                    float64
	FullLoad                              time.Duration // how long a full battery carries 100 % load
	Recharge                              time.Duration // from empty to full
}

// DefaultRating is a unit of 1500 VA as offices have them.
var DefaultRating = Rating{
	InputVolts: 230, OutputVolts: 230, BatteryVolts: 24, FloatVolts: 27.1, Hertz: 50, Watts: 900, VoltAmperes: 1500,
	FullLoad: 8 * time.Minute, Recharge: 4 * time.Hour,
}

// Off is a timer that does not run.
const Off = time.Duration(-1)

// Test is the state of the battery test as reports hold it (HID Power Device Class 1.0, 4.1.5).
type Test uint8

// The states of a battery test.
const (
	TestPassed Test = iota + 1
	TestWarning
	TestFailed
	TestAborted
	TestRunning
	TestNone
)

// Alarm is the state of the beeper as reports hold it.
type Alarm uint8

// The states of the beeper.
const (
	AlarmDisabled Alarm = iota + 1
	AlarmEnabled
	AlarmMuted
)

// Unit is the state of one UPS. What is exported may be set between two steps; Step then draws the consequences.
type Unit struct {
	Rating Rating

	Mains      bool    // there is voltage at the inlet
	InputVolts float64 // while there is
	InputHertz float64
	Load       float64 // what the load takes while it is powered, percent of the rating
	Charge     float64 // percent

	LowCharge    float64       // percent at which the battery is low
	LowRuntime   time.Duration // runtime at which it is low
	LowTransfer  float64       // below and above these voltages the unit leaves the mains
	HighTransfer float64

	Alarm     Alarm
	Worn      bool // the battery should be replaced
	Overload  bool // overload is signalled whatever the load
	TestState Test

	Shutdown time.Duration // until the load is cut
	Startup  time.Duration // until the load is powered again, once the mains are there; Off: it stays off
	Reboot   time.Duration // until the load is cut for a moment

	Output bool  // the load is powered
	Cuts   []Cut // every time that the load lost power

	now        time.Duration // since the unit was made
	startupSet time.Duration // what Startup counts down from
	waiting    bool          // the load waits for the mains
	testLeft   time.Duration
	testDeep   bool
	orderedBy  string
}

// Cut tells when and why the load lost power.
type Cut struct {
	At      time.Duration // model time since the unit was made
	Ordered bool          // a command of the computer or of a person was the reason
	Reason  string
}

// New returns a unit on mains with a full battery and a load of 20 %.
func New(r Rating) *Unit {
	return &Unit{
		Rating: r, Mains: true, InputVolts: r.InputVolts, InputHertz: r.Hertz, Load: 20, Charge: 100,
		LowCharge: 20, LowRuntime: 2 * time.Minute, LowTransfer: r.InputVolts * 0.78, HighTransfer: r.InputVolts * 1.17,
		Alarm: AlarmEnabled, TestState: TestNone, Shutdown: Off, Startup: Off, Reboot: Off, Output: true, startupSet: Off,
	}
}

// Now is the model time since the unit was made.
func (u *Unit) Now() time.Duration { return u.now }
