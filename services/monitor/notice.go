package monitor

import (
	"maps"
	"slices"
	"strings"
)

// Type says what a notice is about. Those that upsmon has too bear its names.
type Type string

// The types. SuspendStarting, SuspendFinished and NoParent come from the host that a program runs on.
const (
	Online          Type = "ONLINE"
	OnBatt          Type = "ONBATT"
	LowBatt         Type = "LOWBATT"
	FSD             Type = "FSD"
	CommOK          Type = "COMMOK"
	CommBad         Type = "COMMBAD"
	Shutdown        Type = "SHUTDOWN"
	HostSync        Type = "SHUTDOWN_HOSTSYNC"
	ReplBatt        Type = "REPLBATT"
	NoComm          Type = "NOCOMM"
	NoParent        Type = "NOPARENT"
	Cal             Type = "CAL"
	NotCal          Type = "NOTCAL"
	Off             Type = "OFF"
	NotOff          Type = "NOTOFF"
	Bypass          Type = "BYPASS"
	NotBypass       Type = "NOTBYPASS"
	Eco             Type = "ECO"
	NotEco          Type = "NOTECO"
	Alarm           Type = "ALARM"
	NotAlarm        Type = "NOTALARM"
	Over            Type = "OVER"
	NotOver         Type = "NOTOVER"
	Trim            Type = "TRIM"
	NotTrim         Type = "NOTTRIM"
	Boost           Type = "BOOST"
	NotBoost        Type = "NOTBOOST"
	Other           Type = "OTHER"
	NotOther        Type = "NOTOTHER"
	SuspendStarting Type = "SUSPEND_STARTING"
	SuspendFinished Type = "SUSPEND_FINISHED"

	// Ours alone.
	OffOrder  Type = "OFFORDER"  // the UPS is told to switch its load off
	FSDEnd    Type = "FSDEND"    // the forced shutdown is over
	Attention Type = "ATTENTION" // somebody must look after it
)

// Notice is one thing worth telling.
type Notice struct {
	Type Type
	UPS  string // "": of none
	More string // of what kind, why
}

// texts say what a type means; %s is the UPS.
var texts = map[Type]string{
	Online: "UPS %s: mains power is back", OnBatt: "UPS %s: mains power failed, running on battery", LowBatt: "UPS %s: battery low",
	FSD: "UPS %s: forced shutdown has begun", CommOK: "UPS %s: can be read again", CommBad: "UPS %s: cannot be read any more",
	Shutdown: "shutdown goes ahead now", HostSync: "shutdown has begun, waiting for the others to log out",
	ReplBatt: "UPS %s: battery needs replacement", NoComm: "UPS %s: still cannot be read", NoParent: "upsmon: its privileged part is gone, no shutdown is possible",
	Cal: "UPS %s: calibrates its battery", NotCal: "UPS %s: calibration is over", Off: "UPS %s: output is off", NotOff: "UPS %s: output is on again",
	Bypass: "UPS %s: on bypass, protects nothing", NotBypass: "UPS %s: off bypass", Eco: "UPS %s: in economy mode", NotEco: "UPS %s: economy mode is over",
	Alarm: "UPS %s: alarm", NotAlarm: "UPS %s: alarm is over", Over: "UPS %s: overloaded", NotOver: "UPS %s: no longer overloaded",
	Trim: "UPS %s: lowers a high mains voltage", NotTrim: "UPS %s: no longer lowers the voltage", Boost: "UPS %s: raises a low mains voltage",
	NotBoost: "UPS %s: no longer raises the voltage", Other: "UPS %s: unusual status", NotOther: "UPS %s: no unusual status any more",
	SuspendStarting: "this machine goes to sleep", SuspendFinished: "this machine woke up, what was read before is forgotten",
	OffOrder: "UPS %s: is told to switch its load off", FSDEnd: "UPS %s: forced shutdown is over", Attention: "UPS %s: needs attention",
}

// Types lists every type, sorted.
func Types() []Type {
	return slices.Sorted(maps.Keys(texts))
}

// Text is the notice for people.
func (n Notice) Text() string {
	text := strings.ReplaceAll(texts[n.Type], "%s", n.UPS)
	if n.More != "" {
		text += ": " + n.More
	}
	return text
}
