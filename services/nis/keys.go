package nis

import (
	"cmp"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/upscard/upscard/services/ups"
)

// key is one record: its name and its value, which it may not have.
type key struct {
	name  string
	value func(*View) (string, bool)
}

// keys are those that apcupsd 3.14.14 prints, in its order (src/lib/apcstatus.c). DIPSW and REG1 to REG3 are missing: they are registers
// of APC's serial protocol, of which NUT has no variable. So are SHARE, and SLAVEDOWN in STATUS, of which apcupsd itself has only names.
func keys() []key {
	return []key{
		{"DATE", always(func(v *View) string { return dateOr(v, v.UPS.Read(), notAvailable) })},
		{"HOSTNAME", always(func(v *View) string { return v.Host })},
		{"VERSION", always(func(v *View) string { return v.Version })},
		{"UPSNAME", func(v *View) (string, bool) { return v.Name, v.Name != "" }},
		{"CABLE", always(func(v *View) string { return linkOf(v).cable })},
		{"DRIVER", always(func(v *View) string { return linkOf(v).driver })},
		{"UPSMODE", always(func(v *View) string { return linkOf(v).mode })},
		{"STARTTIME", always(func(v *View) string { return date(v, v.History.Started) })},
		{"MASTERUPD", ifSlave(func(v *View) string { return dateOr(v, v.UPS.Read(), "No connection to Master") })},
		{"MASTER", ifSlave(func(v *View) string { return v.UPS.Value("driver.parameter.port") })},
		{"MODEL", text("ups.model", "device.model")},
		{"STATUS", always(func(v *View) string { return statusWords(flags(v)) })},
		{"LINEV", decimal("%.1f Volts", "input.voltage")},
		{"LOADPCT", decimal("%.1f Percent", "ups.load")},
		{"LOADAPNT", func(v *View) (string, bool) { return shown("%.1f Percent")(apparent(v)) }},
		{"BCHARGE", decimal("%.1f Percent", "battery.charge")},
		{"TIMELEFT", scaled("%.1f Minutes", 1./60, "battery.runtime")},
		{"MBATTCHG", always(func(v *View) string { return fmt.Sprintf("%d Percent", lowCharge(v)) })},
		{"MINTIMEL", always(func(v *View) string { return fmt.Sprintf("%d Minutes", lowRuntime(v)) })},
		{"MAXTIME", always(func(v *View) string { return fmt.Sprintf("%d Seconds", int(v.Limits.OnBattery.Seconds())) })},
		{"MAXLINEV", func(v *View) (string, bool) {
			return shown("%.1f Volts")(extreme(v, "input.voltage.maximum", v.History.MaxLine))
		}},
		{"MINLINEV", func(v *View) (string, bool) {
			return shown("%.1f Volts")(extreme(v, "input.voltage.minimum", v.History.MinLine))
		}},
		{"OUTPUTV", decimal("%.1f Volts", "output.voltage")},
		{"SENSE", sense},
		{"DWAKE", integer("%d Seconds", "ups.delay.start")},
		{"DSHUTD", integer("%d Seconds", "ups.delay.shutdown")},
		{"DLOWBATT", minutes("%d Minutes", "battery.runtime.low")},
		{"LOTRANS", integer("%d.0 Volts", "input.transfer.low")},
		{"HITRANS", integer("%d.0 Volts", "input.transfer.high")},
		{"RETPCT", integer("%d.0 Percent", "battery.charge.restart")},
		{"ITEMP", decimal("%.1f C", "ups.temperature", "battery.temperature")},
		{"ALARMDEL", alarmDelay},
		{"BATTV", decimal("%.1f Volts", "battery.voltage")},
		{"LINEFREQ", decimal("%.1f Hz", "input.frequency", "output.frequency")},
		{"OUTCURNT", decimal("%.2f Amps", "output.current")},
		{"LASTXFER", always(lastTransfer)},
		{"NUMXFERS", always(func(v *View) string { return strconv.Itoa(v.History.Transfers) })},
		{"XONBATT", func(v *View) (string, bool) { return date(v, v.History.OnBattery), v.History.Transfers > 0 }},
		{"TONBATT", always(func(v *View) string { return fmt.Sprintf("%d Seconds", int(onBattery(v).Seconds())) })},
		{"CUMONBATT", always(func(v *View) string {
			return fmt.Sprintf("%d Seconds", int((v.History.Cumulative + onBattery(v)).Seconds()))
		})},
		{"XOFFBATT", always(func(v *View) string { return dateOr(v, v.History.OffBattery, notAvailable) })},
		{"LASTSTEST", func(v *View) (string, bool) { return date(v, v.History.Test), !v.History.Test.IsZero() }},
		{"SELFTEST", selfTest},
		{"STESTI", testInterval},
		{"STATFLAG", always(func(v *View) string { return fmt.Sprintf("0x%08X", flags(v)) })},
		{"MANDATE", day("ups.mfr.date")},
		{"SERIALNO", text("ups.serial", "device.serial")},
		{"BATTDATE", day("battery.date", "battery.mfr.date")},
		{"NOMOUTV", integer("%d Volts", "output.voltage.nominal")},
		{"NOMINV", integer("%d Volts", "input.voltage.nominal")},
		{"NOMBATTV", decimal("%.1f Volts", "battery.voltage.nominal")},
		{"NOMPOWER", integer("%d Watts", "ups.realpower.nominal")},
		{"NOMAPNT", integer("%d VA", "ups.power.nominal")},
		{"HUMIDITY", decimal("%.1f Percent", "ambient.humidity")},
		{"AMBTEMP", decimal("%.1f C", "ambient.temperature")},
		{"EXTBATTS", integer("%d", "battery.packs.external", "battery.packs")},
		{"BADBATTS", integer("%d", "battery.packs.bad")},
		{"FIRMWARE", firmware},
		{"END APC", always(func(v *View) string { return date(v, v.Now) })},
	}
}

func always(value func(*View) string) func(*View) (string, bool) {
	return func(v *View) (string, bool) { return value(v), true }
}

func ifSlave(value func(*View) string) func(*View) (string, bool) {
	return func(v *View) (string, bool) {
		if !throughApcupsd(v) {
			return "", false
		}
		return value(v), true
	}
}

// known are the variables that do not change by themselves. All others are shown only while they are fresh, but for charge and time left: an
// apcupsd that is a slave looks once, when it starts, whether there are any, and never applies its own limits to them if not.
var known = map[string]bool{"ups.model": true, "device.model": true, "ups.serial": true, "device.serial": true, "ups.mfr.date": true, "battery.date": true, "battery.mfr.date": true,
	"ups.firmware": true, "ups.firmware.aux": true, "output.voltage.nominal": true, "input.voltage.nominal": true,
	"battery.voltage.nominal": true, "battery.charge": true, "battery.runtime": true, "ups.realpower.nominal": true, "ups.power.nominal": true, "battery.charge.low": true, "battery.runtime.low": true}

// first is the first of the variables that has a value that may be shown.
func first(v *View, names ...string) (string, bool) {
	for _, name := range names {
		if value := strings.TrimSpace(v.UPS.Value(name)); value != "" && (v.UPS.Freshness() == ups.Fresh || known[name]) {
			return value, true
		}
	}
	return "", false
}

func number(v *View, names ...string) (float64, bool) {
	for _, name := range names {
		value, _ := first(v, name)
		if x, err := strconv.ParseFloat(value, 64); err == nil && math.Abs(x) < 1e9 { // which NaN and the infinities are not
			return x, true
		}
	}
	return 0, false
}

func text(names ...string) func(*View) (string, bool) {
	return func(v *View) (string, bool) { return first(v, names...) }
}

func shown(format string) func(float64, bool) (string, bool) {
	return func(x float64, ok bool) (string, bool) {
		if !ok {
			return "", false
		}
		return fmt.Sprintf(format, x), true
	}
}

func decimal(format string, names ...string) func(*View) (string, bool) {
	return scaled(format, 1, names...)
}

func scaled(format string, by float64, names ...string) func(*View) (string, bool) {
	return func(v *View) (string, bool) {
		x, ok := number(v, names...)
		return shown(format)(x*by, ok)
	}
}

// integer cuts what is behind the point, as apcupsd does.
func integer(format string, names ...string) func(*View) (string, bool) {
	return func(v *View) (string, bool) {
		x, ok := number(v, names...)
		if !ok {
			return "", false
		}
		return fmt.Sprintf(format, int(x)), true
	}
}

func minutes(format string, name string) func(*View) (string, bool) {
	return func(v *View) (string, bool) {
		x, ok := number(v, name)
		if !ok {
			return "", false
		}
		return fmt.Sprintf(format, int(x)/60), true
	}
}

// day writes a date as apcupsd does, 2015-06-10, whatever stands between its numbers.
func day(names ...string) func(*View) (string, bool) {
	return func(v *View) (string, bool) {
		value, ok := first(v, names...)
		for _, layout := range []string{"2006/01/02", "2006-01-02", "01/02/06", "01/02/2006"} {
			if t, err := time.Parse(layout, value); err == nil {
				return t.Format("2006-01-02"), true
			}
		}
		return value, ok
	}
}

// link is how apcupsd calls the way to a UPS.
type link struct{ cable, driver, mode string }

const standAlone = "Stand Alone"

// links are the ways by NUT's drivers, where these are not all the same.
var links = map[string]link{
	"snmp-ups":    {"Ethernet Link", "SNMP UPS Driver", standAlone},
	"apcupsd-ups": {"Ethernet Link", "NETWORK UPS Driver", "Net Slave"},
	"apcsmart":    {"Custom Cable Smart", "APC Smart UPS (any)", standAlone},
	"apc_modbus":  {"USB Cable", "MODBUS UPS Driver", standAlone},
	"genericups":  {"Custom Cable Simple", "DUMB UPS Driver", standAlone},
	"dummy-ups":   {"Custom Cable Simple", "TEST UPS Driver", standAlone},
}

// linkOf is that of a USB cable unless the driver is known to use another one: the card's own drivers have no other.
func linkOf(v *View) link {
	if l, ok := links[driverName(v)]; ok {
		return l
	}
	return link{"USB Cable", "USB UPS Driver", standAlone}
}

func driverName(v *View) string {
	return cmp.Or(v.UPS.Value("driver.name"), v.UPS.Value("device.driver"))
}

// throughApcupsd reports whether the UPS is read through another apcupsd, as a slave reads it.
func throughApcupsd(v *View) bool { return driverName(v) == "apcupsd-ups" }

// apparent is the load as a part of the apparent power, in percent.
func apparent(v *View) (float64, bool) {
	if x, ok := number(v, "power.percent"); ok {
		return x, true
	}
	load, ok1 := number(v, "ups.power")
	most, ok2 := number(v, "ups.power.nominal")
	return 100 * load / max(most, 1), ok1 && ok2 && most >= 1
}

// lowCharge is the charge, in percent, at which the load is shut down: the owner's limit, or the UPS's own. 0: there is none.
func lowCharge(v *View) int {
	if v.Limits.Charge > 0 {
		return v.Limits.Charge
	}
	x, _ := number(v, "battery.charge.low")
	return int(x)
}

// lowRuntime is the time left, in minutes, likewise.
func lowRuntime(v *View) int {
	if v.Limits.Runtime > 0 {
		return int(v.Limits.Runtime.Minutes())
	}
	x, _ := number(v, "battery.runtime.low")
	return int(x) / 60
}

// extreme is a variable of the UPS, or what the card has seen.
func extreme(v *View, name string, seen *float64) (float64, bool) {
	if x, ok := number(v, name); ok {
		return x, true
	}
	if seen == nil {
		return 0, false
	}
	return *seen, true
}

func sense(v *View) (string, bool) {
	value, ok := first(v, "input.sensitivity")
	if !ok {
		return "", false
	}
	switch strings.ToUpper(value)[0] {
	case 'A':
		return "Auto Adjust", true
	case 'L':
		return "Low", true
	case 'M':
		return "Medium", true
	case 'H':
		return "High", true
	}
	return "Unknown", true
}

// alarmDelay is when the UPS begins to beep. A UPS on USB says only whether it does.
func alarmDelay(v *View) (string, bool) {
	if value, ok := first(v, "battery.alarm.threshold"); ok { // NUT has the letters of APC's serial protocol
		switch value[0] {
		case 'T':
			return "30 Seconds", true
		case 'L':
			return "Low Battery", true
		case 'N':
			return "No alarm", true
		case '0':
			return "5 Seconds", true
		}
		return "Always", true
	}
	value, ok := first(v, "ups.beeper.status")
	if !ok {
		return "", false
	}
	if value == "disabled" {
		return "No alarm", true
	}
	return "30 Seconds", true
}

// selfTest is the result of the last test.
func selfTest(v *View) (string, bool) {
	if hasWord(v.UPS, "TEST") && v.UPS.Freshness() == ups.Fresh {
		return "IP", true
	}
	value, ok := first(v, "ups.test.result")
	if !ok {
		return "", false
	}
	return testCode(value), true
}

// testCode is apcupsd's for a result as NUT writes it.
func testCode(result string) string {
	r := strings.ToLower(result)
	has := func(words ...string) bool {
		for _, w := range words {
			if strings.Contains(r, w) {
				return true
			}
		}
		return false
	}
	switch {
	case has("no test", "none", "not started", "never") || r == "no":
		return "NO"
	case has("progress", "running") || r == "ip":
		return "IP"
	case has("warning") || r == "wn":
		return "WN"
	case has("capacity") || r == "bt":
		return "BT"
	case has("error", "fail", "abort", "bad", "replace") || r == "ng":
		return "NG"
	case has("pass") || r == "ok":
		return "OK"
	}
	return "??"
}

// testText is how an event tells of a result.
func testText(code string) string {
	return map[string]string{"NO": "No test results available", "IP": "In progress", "WN": "Warning", "NG": "Test failed", "OK": "Battery OK",
		"BT": "Test failed -- insufficient battery capacity", "": "Not supported"}[code]
}

// testInterval is how often the UPS tests itself. APC's have four settings; of others it is told in days or hours.
func testInterval(v *View) (string, bool) {
	x, ok := number(v, "ups.test.interval")
	if !ok {
		value, ok := first(v, "ups.test.interval")
		return value, ok
	}
	const hour = 3600
	switch s := int(x); {
	case s <= 0:
		return "None", true
	case s%(24*hour) == 0:
		return fmt.Sprintf("%d days", s/(24*hour)), true
	default:
		return fmt.Sprintf("%d hours", s/hour), true
	}
}

// firmware is the UPS's version, and behind a slash that of its second processor.
func firmware(v *View) (string, bool) {
	main, ok := first(v, "ups.firmware")
	aux, both := first(v, "ups.firmware.aux")
	switch {
	case !ok:
		return aux, both
	case both:
		return main + " / " + aux, true
	}
	return main, true
}

func hasWord(s *ups.Snapshot, word string) bool {
	for w := range strings.FieldsSeq(s.Value("ups.status")) {
		if w == word {
			return true
		}
	}
	return false
}

// onBattery is for how long the UPS has been on battery now, 0 if it is not.
func onBattery(v *View) time.Duration {
	if !hasWord(v.UPS, "OB") || v.History.OnBattery.IsZero() || !v.History.Battery {
		return 0
	}
	return max(v.Now.Sub(v.History.OnBattery), 0)
}
