package nis

import (
	"fmt"
	"strings"
	"time"

	"github.com/upscard/upscard/services/ups"
)

// View is all that a STATUS record is made of.
type View struct {
	Name    string // of the UPS
	Host    string
	Version string        // as VERSION shows it
	UPS     *ups.Snapshot // the newest one that is not Absent, as Stale once it is; never nil
	History History
	Limits  Limits
	Now     time.Time // also decides the time zone
}

// Limits are those at which the card shuts down what a UPS feeds, as the configuration has them. 0: it has none.
type Limits struct {
	Charge    int           // percent
	Runtime   time.Duration // left
	OnBattery time.Duration
}

// maxLine bounds a record in bytes, with its line's end: older clients read into buffers of 128.
const maxLine = 127

// dateFormat is that of apcupsd 3.14.14, whose dates end in two blanks.
const dateFormat = "2006-01-02 15:04:05 -0700  "

func date(v *View, t time.Time) string { return t.In(v.Now.Location()).Format(dateFormat) }

const notAvailable = "N/A"

// dateOr is a date, or what stands for one that is not known.
func dateOr(v *View, t time.Time, unknown string) string {
	if t.IsZero() {
		return unknown
	}
	return date(v, t)
}

// Status is the answer to "status": the header, then a record for each key that has a value.
func Status(v View) []string { return records(&v, keys()) }

// records counts what it makes, as the header tells: records and bytes that follow it (three and four digits).
func records(v *View, table []key) []string {
	list := make([]string, 1, len(table)+1)
	size := 0
	for _, k := range table {
		value, ok := k.value(v)
		if !ok {
			continue
		}
		r := record(k.name, value)
		size += len(r)
		list = append(list, r)
	}
	list[0] = record("APC", fmt.Sprintf("001,%03d,%04d", len(list)-1, size))
	return list
}

// record is one line. A value is cut, and what is no printable ASCII replaced: it may come from a UPS.
func record(name, value string) string {
	line := []byte(fmt.Sprintf("%-9s: %s", name, value))
	line = line[:min(len(line), maxLine-1)]
	for i, c := range line {
		if c < ' ' || c > '~' {
			line[i] = '?'
		}
	}
	return string(line) + "\n"
}

// The bits of STATFLAG (apcupsd's include/defines.h).
const (
	flagCalibration   = 0x00000001
	flagTrim          = 0x00000002
	flagBoost         = 0x00000004
	flagOnline        = 0x00000008
	flagOnBattery     = 0x00000010
	flagOverload      = 0x00000020
	flagBatteryLow    = 0x00000040
	flagReplace       = 0x00000080
	flagCommLost      = 0x00000100
	flagShutdown      = 0x00000200 // a slave shuts down by it
	flagSlave         = 0x00000400
	flagOnBatteryTold = 0x00020000 // ONBATTERYDELAY has passed
	flagFastPoll      = 0x00040000 // asks slaves to poll faster, while on battery
	flagShutLoad      = 0x00080000 // on battery, and the charge is at its limit
	flagShutTime      = 0x00100000 // on battery for as long as the limit says
	flagShutLeft      = 0x00200000 // on battery, and the time left is at its limit
	flagPlugged       = 0x01000000 // apcupsd always sets it
	flagBattery       = 0x04000000 // there is one
)

// words of ups.status and their bits.
var wordFlags = map[string]uint32{"CAL": flagCalibration, "TRIM": flagTrim, "BOOST": flagBoost, "OL": flagOnline, "OB": flagOnBattery,
	"OVER": flagOverload, "LB": flagBatteryLow, "RB": flagReplace, "FSD": flagShutdown}

// flags are the bits of STATFLAG. A UPS that cannot be read is not said to be on line; that it was on battery or low stays, because a slave
// would take the end of it for the mains.
func flags(v *View) uint32 {
	f := uint32(flagPlugged)
	for word := range strings.FieldsSeq(v.UPS.Value("ups.status")) {
		f |= wordFlags[word]
	}
	if v.UPS.Value("server.fsd") == "yes" {
		f |= flagShutdown
	}
	if !strings.Contains(strings.ToLower(v.UPS.Value("ups.alarm")), "no battery") {
		f |= flagBattery
	}
	if throughApcupsd(v) {
		f |= flagSlave
	}
	if v.UPS.Freshness() != ups.Fresh {
		f |= flagCommLost
		f &^= flagOnline
	}
	if f&flagOnBattery == 0 {
		return f
	}
	f |= flagFastPoll
	on := onBattery(v)
	if on >= onBatteryDelay {
		f |= flagOnBatteryTold
	}
	if charge, ok := number(v, "battery.charge"); ok && v.Limits.Charge > 0 && charge <= float64(v.Limits.Charge) {
		f |= flagShutLoad
	}
	if left, ok := number(v, "battery.runtime"); ok && v.Limits.Runtime > 0 && left <= v.Limits.Runtime.Seconds() {
		f |= flagShutLeft
	}
	if v.Limits.OnBattery > 0 && on > v.Limits.OnBattery {
		f |= flagShutTime
	}
	return f
}

// flagWords are the words of STATUS, in their order.
var flagWords = []struct {
	flag uint32
	word string
}{{flagCalibration, "CAL "}, {flagTrim, "TRIM "}, {flagBoost, "BOOST "}, {flagOnline, "ONLINE "}, {flagOnBattery, "ONBATT "},
	{flagOverload, "OVERLOAD "}, {flagBatteryLow, "LOWBATT "}, {flagReplace, "REPLACEBATT "}}

// statusWords is the value of STATUS, with the blank that apcupsd leaves behind each word.
func statusWords(f uint32) string {
	switch { // these two stand alone
	case f&flagShutdown != 0:
		return "SHUTTING DOWN"
	case f&flagCommLost != 0:
		return "COMMLOST "
	}
	var b strings.Builder
	for _, w := range flagWords {
		if f&w.flag != 0 {
			b.WriteString(w.word)
		}
	}
	if f&flagBattery == 0 {
		b.WriteString("NOBATT ")
	}
	if f&flagSlave != 0 {
		b.WriteString("SLAVE ")
	}
	return b.String()
}
