package config

import "strings"

// Driver is what the options of [ups.NAME] tell the UPS's driver. They have the names and meanings of NUT's ups.conf.
type Driver struct {
	// How the UPS is read.
	PollOnly             bool // no interrupts
	InterruptOnly        bool // nothing but interrupts
	InterruptSize        int  // bytes to read of an interrupt, 0 for all
	MaxReport            bool // ask for reports of the largest size
	DisableFixReportDesc bool

	// What mains and discharging at once mean, and how often that is logged; nil where not given.
	OnlineDischargeOnBattery   bool
	OnlineDischargeCalibration bool
	LogThrottleSec             *int
	LogThrottleHovercharge     *int

	// How long a complaint about the battery has to last on mains.
	LBRBLogDelaySec                *int
	LBRBLogDelayWithoutCalibrating bool

	// Seconds and percent, nil where not given.
	OffDelay, OnDelay, LowBatt *int

	IgnoreLB   bool
	SDCommands []string // what shutdown.default tries, in order

	PowercomByteOrder, PowercomDiscrete bool

	Override, Default []Setting // of variables, in the order of the file
}

// Setting is a variable or a parameter with its value.
type Setting struct {
	Name, Value string
}

// Parameters returns what was given of [ups.NAME] for its driver, as NUT's drivers show it: a flag is driver.flag.KEY with the value
// "enabled", all else driver.parameter.KEY.
func (u UPS) Parameters() []Setting {
	var list []Setting
	for _, r := range upsKeys {
		switch shown := r.show(u); {
		case shown == "" || r.key == keyDesc:
		case shown == "true":
			list = append(list, Setting{"driver.flag." + r.key, "enabled"})
		default:
			list = append(list, Setting{"driver.parameter." + r.key, plain(shown)})
		}
	}
	for _, t := range upsTables {
		for _, s := range t.list(u) {
			list = append(list, Setting{"driver.parameter." + t.key + "." + s.Name, s.Value})
		}
	}
	return list
}

// plain is what a value in TOML stands for, its list written with commas.
func plain(shown string) string {
	if items, ok := strings.CutPrefix(shown, "["); ok {
		return strings.ReplaceAll(strings.NewReplacer(`"`, "", "]", "").Replace(items), ", ", ",")
	}
	return unquote(shown)
}
