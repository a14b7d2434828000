// Package monitor decides what happens when power fails.
//
// Step is a pure function of the configuration, what is remembered, what was read and the time. It keeps no clock and opens nothing: whoever
// runs it saves the State durably first, then does what Step asks for, and tells it in the next Input what became of that. So a State
// that was saved is where any restart goes on.
//
// A UPS is judged as upsmon judges it (upsmon.conf(5), NUT 2.8.5). Where a Config is Cautious, as on the card, the end of a UPS is believed
// later than there, and never while it is known to be on line power.
package monitor

import (
	"slices"
	"time"
)

// Config is what the owner wants. The fields down to Charge have upsmon.conf's names, meanings and, by Default, values.
type Config struct {
	MinSupplies    int           // power values that must be fed; 0: nothing is ever shut down
	PollFreq       time.Duration // between readings
	PollFreqAlert  time.Duration // between readings while a UPS is not plainly on line
	DeadTime       time.Duration // a UPS not read for longer is dead: if it was on battery, its battery counts as low
	HostSync       time.Duration // how long the others may take to log out; a secondary waits as long for its primary
	FinalDelay     time.Duration // between SHUTDOWN and what it announces
	NoCommWarnTime time.Duration // between two NOCOMM
	RBWarnTime     time.Duration // between two REPLBATT
	OffDuration    time.Duration // OFF for longer counts as not fed; negative: never
	OBLBDuration   time.Duration // how long OB LB must last
	OverDuration   time.Duration // an overloaded UPS that is lost counts as not fed after so long; negative: never
	AlarmCritical  bool          // a UPS that was in alarm and is lost counts as not fed

	// Limits on battery, each as good as LB; 0: none.
	Charge    int           // percent
	Runtime   time.Duration // that is left
	OnBattery time.Duration // that has passed

	Apart    bool   // each UPS is shut down for itself, not all when MinSupplies are no longer fed
	Cautious bool   // see the package's comment
	Halts    bool   // this machine is shut down in the end, and the UPS is left to its scripts
	Off      string // how the load is switched off: OffNone, OffReturn, or an instant command
	UPS      []UPS
}

// How the load is switched off at the end.
const (
	OffNone   = ""       // not at all
	OffReturn = "return" // so that it comes back with the mains
)

// UPS is one that is watched.
type UPS struct {
	Name    string
	Power   int  // power value: supplies of this machine that it feeds
	Primary bool // we set FSD for it, and wait for the others
	Own     int  // logins that are ours
}

// Default is upsmon's configuration, without a UPS.
func Default() Config {
	return Config{
		MinSupplies: 1, PollFreq: 5 * time.Second, PollFreqAlert: 5 * time.Second, DeadTime: 15 * time.Second, HostSync: 15 * time.Second,
		FinalDelay: 5 * time.Second, NoCommWarnTime: 300 * time.Second, RBWarnTime: 43200 * time.Second, OffDuration: 30 * time.Second,
		OverDuration: -time.Second, AlarmCritical: true,
	}
}

// group is UPSes that are shut down together.
type group struct {
	name string
	ups  []UPS
	min  int // power values
}

// together is the name of the group of all UPSes. No UPS has it: names hold no blanks.
const together = "all together"

// groups divides the UPSes. One that feeds nothing is only told of when each is on its own.
func (c *Config) groups() []group {
	if !c.Apart {
		return []group{{together, c.UPS, c.MinSupplies}}
	}
	var list []group
	for _, u := range c.UPS {
		list = append(list, group{u.Name, []UPS{u}, min(u.Power, 1)})
	}
	return list
}

func (g group) primaries() []UPS {
	return slices.DeleteFunc(slices.Clone(g.ups), func(u UPS) bool { return !u.Primary })
}
