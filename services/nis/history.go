package nis

import (
	"slices"
	"strings"
	"time"

	"github.com/upscard/upscard/services/ups"
)

// MaxEvents is how many events are kept, and answered, as apcupsd does.
const MaxEvents = 50

// onBatteryDelay is how long the UPS is on battery before that is told as more than a power failure (apcupsd's ONBATTERYDELAY).
const onBatteryDelay = 6 * time.Second

// History is what apcupsd tells of a UPS and NUT has no variable for. It outlives restarts. Its zero value knows nothing.
type History struct {
	Started time.Time // since when all this is counted

	Transfers  int           // to battery
	Reason     string        // of the last one, in apcupsd's words, "" is none
	OnBattery  time.Time     // the last one
	OffBattery time.Time     // the last one back
	Cumulative time.Duration // on battery, without the time since OnBattery while Battery
	Seen       time.Time     // when it was last seen on battery

	MinLine, MaxLine *float64 // volts, extremes since Started

	Test time.Time // begin of the last self-test

	Events []Event // oldest first

	// What was so when the UPS was last looked at.
	Battery, Told, Low, Replace, Detached, Testing, Forced, Lost bool
}

// Event is one thing that happened.
type Event struct {
	Time time.Time
	Text string
}

// Events is the answer to "events": the last of them, the newest at the end.
func Events(h History, zone *time.Location) []string {
	list := make([]string, len(h.Events))
	for i, e := range h.Events {
		list[i] = e.Time.In(zone).Format(dateFormat) + e.Text + "\n"
	}
	return list
}

// With adds an event to the history.
func (h History) With(now time.Time, text string) History {
	events := append(slices.Clone(h.Events), Event{now.Truncate(time.Second), text})
	h.Events = events[max(len(events)-MaxEvents, 0):]
	return h
}

// Shift is the history after the clock was set: what was noted since from moves with it.
func (h History) Shift(from time.Time, by time.Duration) History {
	moved := func(t time.Time) time.Time {
		if t.Before(from) {
			return t
		}
		return t.Add(by)
	}
	for _, t := range []*time.Time{&h.Started, &h.OnBattery, &h.OffBattery, &h.Seen, &h.Test} {
		*t = moved(*t)
	}
	h.Events = slices.Clone(h.Events)
	for i := range h.Events {
		h.Events[i].Time = moved(h.Events[i].Time)
	}
	return h
}

// Wake is when the history has to be looked at again though nothing else happens, zero: never.
func (h History) Wake() time.Time {
	if h.Battery && !h.Told {
		return h.OnBattery.Add(onBatteryDelay)
	}
	return time.Time{}
}

// Observe is the history after a look at the UPS. An Absent one tells nothing. Events come in the order in which apcupsd tells them.
func (h History) Observe(s *ups.Snapshot, now time.Time) History {
	now = now.Truncate(time.Second)
	if h.Started.IsZero() {
		h.Started = now
	}
	if s.Freshness() == ups.Absent {
		return h
	}
	h.turn(now, &h.Forced, hasWord(s, "FSD") || s.Value("server.fsd") == "yes", "Initiating system shutdown!", "")
	h.turn(now, &h.Lost, s.Freshness() != ups.Fresh, "Communications with UPS lost.", "Communications with UPS restored.")
	if h.Lost {
		return h
	}
	h.turn(now, &h.Detached, strings.Contains(strings.ToLower(s.Value("ups.alarm")), "no battery"), "Battery disconnected.", "Battery reattached.")
	h.turn(now, &h.Replace, hasWord(s, "RB"), "UPS battery must be replaced.", "")
	h.test(s, now)
	h.battery(s, now)
	h.line(s)
	return h
}

// turn notes a change, with the event that it is.
func (h *History) turn(now time.Time, was *bool, is bool, begins, ends string) {
	if *was == is {
		return
	}
	*was = is
	text := ends
	if is {
		text = begins
	}
	if text != "" {
		*h = h.With(now, text)
	}
}

// test notes a self-test's begin and end. A UPS on battery may call what is no test one.
func (h *History) test(s *ups.Snapshot, now time.Time) {
	testing := hasWord(s, "TEST")
	if testing && !h.Testing {
		h.Test = now
		if !hasWord(s, "OB") {
			h.Reason = reasonTest
		}
	}
	h.turn(now, &h.Testing, testing, "UPS Self Test switch to battery.", "UPS Self Test completed: "+testText(testCode(s.Value("ups.test.result"))))
}

// battery notes transfers, and what follows from them.
func (h *History) battery(s *ups.Snapshot, now time.Time) {
	on := hasWord(s, "OB")
	switch {
	case on && !h.Battery:
		h.Transfers++
		h.OnBattery, h.Told, h.Reason = now, false, ""
		*h = h.With(now, "Power failure.")
	case !on && h.Battery:
		h.ended(now)
	}
	h.Battery = on
	if !on {
		h.Low = false
		return
	}
	h.Seen = now
	if h.Reason == "" || h.Reason == reasonUnknown {
		h.Reason = reason(s)
	}
	if !h.Told && now.Sub(h.OnBattery) >= onBatteryDelay {
		h.Told = true
		*h = h.With(now, "Running on UPS batteries.")
	}
	h.turn(now, &h.Low, hasWord(s, "LB"), "Battery power exhausted.", "")
}

// maxUnseen is how long the UPS may have been on battery without being seen so: if the card itself was off, nobody knows.
const maxUnseen = 2 * time.Minute

func (h *History) ended(now time.Time) {
	end := now
	if now.Sub(h.Seen) > maxUnseen {
		end = h.Seen
	}
	h.Cumulative += max(end.Sub(h.OnBattery), 0)
	h.OffBattery = now
	if h.Told {
		*h = h.With(now, "Mains returned. No longer on UPS batteries.")
	}
	*h = h.With(now, "Power is back. UPS running on mains.")
	h.Told = false
}

// line notes the extremes of the line voltage.
func (h *History) line(s *ups.Snapshot) {
	x, ok := number(&View{UPS: s}, "input.voltage")
	if !ok {
		return
	}
	if h.MinLine == nil || x < *h.MinLine {
		h.MinLine = &x
	}
	if h.MaxLine == nil || x > *h.MaxLine {
		h.MaxLine = &x
	}
}

// Reasons of a transfer to battery, in apcupsd's words.
const (
	reasonNone      = "No transfers since turnon"
	reasonTest      = "Automatic or explicit self test"
	reasonForced    = "Forced by software"
	reasonLow       = "Low line voltage"
	reasonHigh      = "High line voltage"
	reasonRipple    = "Unacceptable line voltage changes"
	reasonNotch     = "Line voltage notch or spike"
	reasonFrequency = "Input frequency out of range"
	reasonUnknown   = "UNKNOWN EVENT"
)

// reasonWords are looked for in what the UPS says, in this order.
var reasonWords = []struct{ word, reason string }{
	{"no transfer", reasonNone}, {"test", reasonTest}, {"calibration", reasonTest}, {"frequency", reasonFrequency}, {"notch", reasonNotch},
	{"spike", reasonNotch}, {"ripple", reasonRipple}, {"change", reasonRipple}, {"low", reasonLow}, {"under", reasonLow}, {"sag", reasonLow},
	{"brown", reasonLow}, {"blackout", reasonLow}, {"high", reasonHigh}, {"over", reasonHigh}, {"software", reasonForced}, {"forced", reasonForced},
	{"command", reasonForced}, {"remote", reasonForced},
}

// reason is why the UPS, which is on battery, went there: what it says, or what its line voltage shows. It is never a test: a slave waits for
// the end of one, and this is none.
func reason(s *ups.Snapshot) string {
	if r := said(s); r != "" && r != reasonTest && r != reasonNone {
		return r
	}
	v := &View{UPS: s}
	volts, ok := number(v, "input.voltage")
	if low, known := number(v, "input.transfer.low"); ok && known && volts < low {
		return reasonLow
	}
	if high, known := number(v, "input.transfer.high"); ok && known && volts > high {
		return reasonHigh
	}
	if nominal, known := number(v, "input.voltage.nominal"); ok && (volts < 50 || known && volts < nominal/2) {
		return reasonLow
	}
	return reasonUnknown
}

// said is the reason that the UPS tells, "" if it tells none that apcupsd knows.
func said(s *ups.Snapshot) string {
	text := strings.ToLower(s.Value("input.transfer.reason"))
	for _, r := range reasonWords {
		if strings.Contains(text, r.word) && !strings.Contains(text, "voltage out of range") { // which may be both
			return r.reason
		}
	}
	return ""
}

// lastTransfer is the value of LASTXFER.
func lastTransfer(v *View) string {
	if v.History.Reason != "" {
		return v.History.Reason
	}
	if r := said(v.UPS); r != "" && !hasWord(v.UPS, "OB") {
		return r
	}
	return reasonNone
}
