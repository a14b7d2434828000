package usbhid

import (
	"slices"
	"strings"
)

// battery is what words of the status depend on beside the flags.
type battery struct {
	charge, chargeLow   float64 // percent; -1 where not known
	runtime, runtimeLow float64 // seconds; -1 where not known
}

// statusWords composes ups.status in NUT's order. OL is said only if the UPS said that mains are present.
func statusWords(f flags, b battery, alarm bool) string {
	onBattery := f.worries()&acAbsent != 0
	words := []struct {
		word string
		said bool
	}{
		{"ALARM", alarm},
		{"CAL", f.has(calibrating)},
		{"OB", onBattery},
		{"OL", f.has(acPresent) && !onBattery && !f.has(drill)},
		{"DISCHRG", f.discharging() && !f.has(depleted)},
		{"CHRG", f.charging() && !full(f, b)},
		{"LB", f.has(lowFlags) || onBattery && runningOut(f, b)},
		{"OVER", f.has(overload)},
		{"RB", f.has(replaceBattery | batteryAged | noBattery)},
		{"TRIM", f.has(trim)},
		{"BOOST", f.has(boost)},
		{"BYPASS", f.has(autoBypass | manualBypass)},
		{"OFF", f.has(off)},
		{"TEST", f.has(selfTest)},
	}
	var said []string
	for _, w := range words {
		if w.said {
			said = append(said, w.word)
		}
	}
	return strings.Join(said, " ")
}

// full reports whether a battery that is said to charge is full. Many UPSes never take back the charging flag.
func full(f flags, b battery) bool {
	if f.known&fullyCharged != 0 {
		return f.has(fullyCharged)
	}
	return b.charge >= 100
}

// runningOut computes a low battery for a UPS that has no flag for it, by the thresholds that the UPS itself names.
func runningOut(f flags, b battery) bool {
	if f.known&lowFlags != 0 {
		return false
	}
	return b.charge >= 0 && b.charge < b.chargeLow || b.runtime >= 0 && b.runtime < b.runtimeLow
}

// alarms are NUT's texts for ups.alarm.
var alarms = []struct {
	flag flag
	text string
}{
	{replaceBattery | batteryAged, "Replace battery!"},
	{shutdownImminent, "Shutdown imminent!"},
	{fanFailed, "Fan failure!"},
	{noBattery, "No battery installed!"},
	{batteryVoltageLow, "Battery voltage too low!"},
	{batteryVoltageHigh, "Battery voltage too high!"},
	{chargerFailed, "Battery charger fail!"},
	{overheated, "Temperature too high!"},
	{fault, "Internal UPS fault!"},
	{awaitingPower, "Awaiting power!"},
	{autoBypass, "Automatic bypass mode!"},
	{manualBypass, "Manual bypass mode!"},
}

// alarmText joins the alarms that flags make with the vendor's own.
func alarmText(f flags, own []string) string {
	var all []string
	for _, a := range alarms {
		if f.has(a.flag) {
			all = append(all, a.text)
		}
	}
	for _, text := range own {
		if !slices.Contains(all, text) {
			all = append(all, text)
		}
	}
	return strings.Join(all, " ")
}

// transferReason says why the UPS last left mains, "" if it says nothing.
func transferReason(f flags) string {
	switch {
	case f.has(voltageRange):
		return "input voltage out of range"
	case f.has(frequencyRange):
		return "input frequency out of range"
	}
	return ""
}
