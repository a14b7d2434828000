package nis

import (
	"fmt"
	"strings"
	"time"
)

// oldDate is what apcupsd wrote before 3.14.5: the zone by its name, no offset.
const oldDate = "Mon Jan 02 15:04:05 MST 2006"

// oldRow is how a record was written: its value of today in another form.
type oldRow struct {
	name string // of today's key
	as   string // its name then, "" is the same
	form func(value string) string
}

// oldRows are the records of apcupsd 3.8 to 3.12, in their order.
func oldRows() []oldRow {
	same := func(value string) string { return value }
	padded := func(width string, unit string) func(string) string { // the number in another width, with another unit
		return func(value string) string {
			var x float64
			if _, err := fmt.Sscan(value, &x); err != nil {
				return value
			}
			return fmt.Sprintf("%"+width+"f%s", x, unit)
		}
	}
	added := func(text string) func(string) string { return func(value string) string { return value + text } }
	lower := func(value string) string { return strings.Replace(value, "Seconds", "seconds", 1) }
	return []oldRow{
		{"DATE", "", oldTime}, {"HOSTNAME", "", same}, {"VERSION", "RELEASE", release}, {"UPSNAME", "", same}, {"CABLE", "", same},
		{"MODEL", "", same}, {"UPSMODE", "", same}, {"STARTTIME", "", oldTime}, {"MASTERUPD", "", oldTime}, {"MASTER", "", same},
		{"STATUS", "", same}, {"LINEV", "", padded("05.1", " Volts")}, {"LOADPCT", "", padded("5.1", " Percent Load Capacity")},
		{"BCHARGE", "", padded("05.1", " Percent")}, {"TIMELEFT", "", padded("5.1", " Minutes")}, {"MBATTCHG", "", same},
		{"MINTIMEL", "", same}, {"MAXTIME", "", same}, {"MAXLINEV", "", padded("05.1", " Volts")}, {"MINLINEV", "", padded("05.1", " Volts")},
		{"OUTPUTV", "", padded("05.1", " Volts")}, {"SENSE", "", same}, {"DWAKE", "", padded("03.0", " Seconds")},
		{"DSHUTD", "", padded("03.0", " Seconds")}, {"DLOWBATT", "", padded("02.0", " Minutes")}, {"LOTRANS", "", padded("05.1", " Volts")},
		{"HITRANS", "", padded("05.1", " Volts")}, {"RETPCT", "", padded("05.1", " Percent")}, {"ITEMP", "", added(" Internal")},
		{"ALARMDEL", "", lower}, {"BATTV", "", same}, {"LINEFREQ", "", same}, {"LASTXFER", "", same}, {"NUMXFERS", "", same},
		{"XONBATT", "", oldTime}, {"TONBATT", "", lower}, {"CUMONBATT", "", lower}, {"XOFFBATT", "", oldTime}, {"SELFTEST", "", same},
		{"STESTI", "", same}, {"STATFLAG", "", added(" Status Flag")}, {"MANDATE", "", same}, {"SERIALNO", "", same}, {"BATTDATE", "", same},
		{"NOMOUTV", "", padded("1.0", "")}, {"NOMINV", "", padded("1.0", "")}, {"NOMBATTV", "", padded("5.1", "")},
		{"HUMIDITY", "", padded("5.1", " Percent")}, {"AMBTEMP", "", padded("5.1", " C")}, {"EXTBATTS", "", same}, {"BADBATTS", "", same},
		{"FIRMWARE", "", same}, {"MODEL", "APCMODEL", same}, {"END APC", "", oldTime},
	}
}

// OldStatus is the answer to "status" in the form that apcupsd had before 3.14, for clients that know no other.
func OldStatus(v View) []string {
	today := make(map[string]func(*View) (string, bool))
	for _, k := range keys() {
		today[k.name] = k.value
	}
	var table []key
	for _, r := range oldRows() {
		name := r.as
		if name == "" {
			name = r.name
		}
		table = append(table, key{name, func(v *View) (string, bool) {
			value, ok := today[r.name](v)
			if !ok {
				return "", false
			}
			zone, form := v.Now.Location(), r.form
			if t, err := time.ParseInLocation(dateFormat, value, zone); err == nil {
				return t.In(zone).Format(oldDate), true
			}
			return form(value), true
		}})
	}
	return records(&v, table)
}

// oldTime is for what is no time: "N/A" and the like stay.
func oldTime(value string) string { return value }

// release is the number alone.
func release(version string) string {
	number, _, _ := strings.Cut(version, " ")
	return number
}
