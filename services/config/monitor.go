package config

// Monitor is [monitor]: what the card does when power fails. What is nil was not given.
type Monitor struct {
	MinSupplies *int

	// In seconds.
	PollFreq, DeadTime, HostSync, FinalDelay, NoCommWarnTime, RBWarnTime *int
	OffDuration, OBLBDuration, OverDuration                              *int

	AlarmCritical *bool

	// Limits on battery: percent, seconds that are left, seconds that have passed.
	Charge, Runtime, OnBattery *int

	Off string // OffReturn, OffNone, an instant command; "" where not given
}

// What Monitor.Off may be besides a command.
const (
	OffReturn = "return"
	OffNone   = "none"
)

// Notify is one [notify.NAME]: a way by which people and machines are told of events.
type Notify struct {
	Name   string
	Type   string   // NotifySyslog, NotifyWebhook
	Server string   // HOST:PORT, of syslog
	Proto  string   // "udp" or "tcp", of syslog; "" where not given
	URL    string   // of a webhook
	Events []string // what is told; none: everything
}

// The types of Notify.
const (
	NotifySyslog  = "syslog"
	NotifyWebhook = "webhook"
)
