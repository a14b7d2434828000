package nis

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/upscard/upscard/services/ups"
)

var update = flag.Bool("update", false, "write the golden files anew")

var zone = time.FixedZone("CET", 3600)

func at(clock string) time.Time {
	t, err := time.ParseInLocation("15:04:05", clock, zone)
	if err != nil {
		panic(err)
	}
	return time.Date(2026, 11, 26, t.Hour(), t.Minute(), t.Second(), 0, zone)
}

// full has a value for every variable that a record is made of.
func full() map[string]string {
	return map[string]string{
		"driver.name": "usbhid-ups", "driver.parameter.port": "auto", "device.model": "x", "ups.model": "Back-UPS RS 1000G", "ups.status": "OL",
		"ups.alarm": "", "server.fsd": "no", "input.voltage": "230.0", "ups.load": "23", "ups.power": "240", "ups.power.nominal": "1000",
		"battery.charge": "100", "battery.runtime": "2690", "battery.charge.low": "10", "battery.runtime.low": "120",
		"output.voltage": "229.6", "input.sensitivity": "medium", "ups.delay.start": "15", "ups.delay.shutdown": "20", "input.transfer.low": "176",
		"input.transfer.high": "294", "battery.charge.restart": "5", "ups.temperature": "31.2", "ups.beeper.status": "enabled",
		"battery.voltage": "27.3", "input.frequency": "50.0", "output.current": "1.25", "ups.test.result": "Done and passed",
		"ups.test.interval": "1209600", "ups.mfr.date": "2015/06/10", "ups.serial": "3B1523X12345", "battery.date": "2015/06/10",
		"output.voltage.nominal": "230", "input.voltage.nominal": "230", "battery.voltage.nominal": "24.0", "ups.realpower.nominal": "600",
		"ambient.humidity": "40.5", "ambient.temperature": "20.1", "battery.packs": "2", "battery.packs.bad": "1", "ups.firmware": "868.L2 .D",
		"ups.firmware.aux": "L2",
	}
}

func snapshot(f ups.Freshness, values map[string]string) *ups.Snapshot {
	vars := make(map[string]ups.Var, len(values))
	for name, value := range values {
		vars[name] = ups.Var{Value: value}
	}
	return ups.NewSnapshot(vars, nil, f, at("10:00:00"))
}

// view is a UPS that has lived.
func view() View {
	return View{Name: "ups", Host: "upscard", Version: "3.14.14 (31 May 2016) upscard", UPS: snapshot(ups.Fresh, full()), Now: at("10:00:02"),
		Limits: Limits{OnBattery: 600 * time.Second},
		History: History{Started: at("08:00:00"), Transfers: 2, Reason: reasonLow, OnBattery: at("09:00:00"), OffBattery: at("09:01:30"),
			Cumulative: 100 * time.Second, MinLine: new(221.5), MaxLine: new(233.), Test: at("08:30:00")}}
}

// values are the records of a status by their names.
func values(t *testing.T, records []string) map[string]string {
	t.Helper()
	m := make(map[string]string)
	for _, r := range records {
		name, value, ok := strings.Cut(r, ": ")
		name = strings.TrimRight(name, " ")
		if _, twice := m[name]; twice || !ok || !strings.HasSuffix(value, "\n") || len(r) > maxLine {
			t.Errorf("record %q", r)
		}
		m[name] = strings.TrimSuffix(value, "\n")
	}
	return m
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (go test -update):\n%s", path, got)
	}
}

func TestStatusRecord(t *testing.T) {
	golden(t, "full.status", strings.Join(Status(view()), ""))
	golden(t, "full.old", strings.Join(OldStatus(view()), ""))
	poor := View{Name: "ups", Host: "h", Version: "v", UPS: ups.NewStore().Get(), Now: at("10:00:02"), History: History{Started: at("10:00:00")}}
	golden(t, "nothing.status", strings.Join(Status(poor), ""))
	v := view()
	v.UPS = v.UPS.With(ups.Stale)
	golden(t, "stale.status", strings.Join(Status(v), ""))
}

// The header has 24 bytes and counts what follows it.
func TestHeader(t *testing.T) {
	stale := view()
	stale.UPS = stale.UPS.With(ups.Stale)
	for _, records := range [][]string{Status(view()), Status(stale), OldStatus(view())} {
		want := fmt.Sprintf("APC      : 001,%03d,%04d\n", len(records)-1, len(strings.Join(records[1:], "")))
		if records[0] != want || len(want) != 24 {
			t.Errorf("got %q, want %q", records[0], want)
		}
	}
}

// No key is a constant: each changes, or goes, when what it is made of changes.
func TestEveryKeyHasASource(t *testing.T) {
	set := func(name, value string) func(*View) {
		return func(v *View) { v.UPS = v.UPS.WithValues(map[string]string{name: value}) }
	}
	tests := map[string]func(*View){
		"APC":       set("ups.firmware", "1"),
		"DATE":      func(v *View) { v.UPS = ups.NewSnapshot(map[string]ups.Var{}, nil, ups.Fresh, at("11:00:00")) },
		"HOSTNAME":  func(v *View) { v.Host = "other" },
		"VERSION":   func(v *View) { v.Version = "other" },
		"UPSNAME":   func(v *View) { v.Name = "other" },
		"CABLE":     set("driver.name", "snmp-ups"),
		"DRIVER":    set("driver.name", "snmp-ups"),
		"UPSMODE":   set("driver.name", "apcupsd-ups"),
		"STARTTIME": func(v *View) { v.History.Started = at("07:00:00") },
		"MASTERUPD": set("driver.name", "apcupsd-ups"),
		"MASTER":    set("driver.name", "apcupsd-ups"),
		"MODEL":     set("ups.model", "other"),
		"STATUS":    set("ups.status", "OB"),
		"LINEV":     set("input.voltage", "1"),
		"LOADPCT":   set("ups.load", "1"),
		"LOADAPNT":  set("ups.power", "1"),
		"BCHARGE":   set("battery.charge", "1"),
		"TIMELEFT":  set("battery.runtime", "1"),
		"MBATTCHG":  set("battery.charge.low", "1"),
		"MINTIMEL":  set("battery.runtime.low", "1"),
		"MAXTIME":   func(v *View) { v.Limits.OnBattery = 0 },
		"MAXLINEV":  func(v *View) { v.History.MaxLine = nil },
		"MINLINEV":  set("input.voltage.minimum", "1"),
		"OUTPUTV":   set("output.voltage", "1"),
		"SENSE":     set("input.sensitivity", "low"),
		"DWAKE":     set("ups.delay.start", "1"),
		"DSHUTD":    set("ups.delay.shutdown", "1"),
		"DLOWBATT":  set("battery.runtime.low", "1"),
		"LOTRANS":   set("input.transfer.low", "1"),
		"HITRANS":   set("input.transfer.high", "1"),
		"RETPCT":    set("battery.charge.restart", "1"),
		"ITEMP":     set("ups.temperature", "1"),
		"ALARMDEL":  set("ups.beeper.status", "disabled"),
		"BATTV":     set("battery.voltage", "1"),
		"LINEFREQ":  set("input.frequency", "1"),
		"OUTCURNT":  set("output.current", "1"),
		"LASTXFER":  func(v *View) { v.History.Reason = reasonHigh },
		"NUMXFERS":  func(v *View) { v.History.Transfers = 0 },
		"XONBATT":   func(v *View) { v.History.Transfers = 0 },
		"TONBATT": func(v *View) {
			v.History.Battery = true
			set("ups.status", "OB")(v)
		},
		"CUMONBATT": func(v *View) { v.History.Cumulative = 0 },
		"XOFFBATT":  func(v *View) { v.History.OffBattery = time.Time{} },
		"LASTSTEST": func(v *View) { v.History.Test = time.Time{} },
		"SELFTEST":  set("ups.test.result", "Done and error"),
		"STESTI":    set("ups.test.interval", "0"),
		"STATFLAG":  set("ups.status", "OB"),
		"MANDATE":   set("ups.mfr.date", "2016/01/01"),
		"SERIALNO":  set("ups.serial", "1"),
		"BATTDATE":  set("battery.date", "2016/01/01"),
		"NOMOUTV":   set("output.voltage.nominal", "1"),
		"NOMINV":    set("input.voltage.nominal", "1"),
		"NOMBATTV":  set("battery.voltage.nominal", "1"),
		"NOMPOWER":  set("ups.realpower.nominal", "1"),
		"NOMAPNT":   set("ups.power.nominal", "1"),
		"HUMIDITY":  set("ambient.humidity", "1"),
		"AMBTEMP":   set("ambient.temperature", "1"),
		"EXTBATTS":  set("battery.packs", "1"),
		"BADBATTS":  set("battery.packs.bad", "0"),
		"FIRMWARE":  set("ups.firmware", "1"),
		"END APC":   func(v *View) { v.Now = at("12:00:00") },
	}
	for _, form := range []func(View) []string{Status, OldStatus} {
		before := values(t, form(view()))
		for name := range before {
			perturb := tests[map[string]string{"RELEASE": "VERSION", "APCMODEL": "MODEL"}[name]]
			if perturb == nil {
				perturb = tests[name]
			}
			if perturb == nil {
				t.Errorf("%s: nothing changes it", name)
				continue
			}
			v := view()
			perturb(&v)
			if after, there := values(t, form(v))[name]; there && after == before[name] {
				t.Errorf("%s stays %q", name, after)
			}
		}
	}
	known := maps.Clone(tests)
	for _, k := range keys() {
		delete(known, k.name)
	}
	delete(known, "APC")
	for name := range known {
		t.Errorf("%s is tested, and no key", name)
	}
	slave := view()
	set("driver.name", "apcupsd-ups")(&slave)
	shown := values(t, Status(slave))
	for _, k := range keys() { // full has them all
		if _, ok := shown[k.name]; !ok {
			t.Errorf("%s is not shown", k.name)
		}
	}
}

// Every measured value goes with its variable.
func TestMissingVariables(t *testing.T) {
	v := view()
	v.UPS = snapshot(ups.Fresh, map[string]string{"ups.status": "OL", "input.voltage": "NaN", "ups.load": "much", "battery.charge": "1e300", "ups.model": " "})
	v.History = History{Started: at("08:00:00")}
	shown := values(t, Status(v))
	for _, name := range []string{"LINEV", "LOADPCT", "BCHARGE", "MODEL", "TIMELEFT", "MAXLINEV", "SELFTEST", "XONBATT", "LASTSTEST", "NOMPOWER", "FIRMWARE"} {
		if value, there := shown[name]; there {
			t.Errorf("%s is %q", name, value)
		}
	}
	for name, value := range map[string]string{"STATUS": "ONLINE ", "STATFLAG": "0x05000008", "LASTXFER": "No transfers since turnon", "NUMXFERS": "0",
		"TONBATT": "0 Seconds", "XOFFBATT": "N/A", "MBATTCHG": "0 Percent"} {
		if shown[name] != value {
			t.Errorf("%s is %q, want %q", name, shown[name], value)
		}
	}
}

func TestFlags(t *testing.T) {
	tests := []struct {
		status, alarm string
		fresh         ups.Freshness
		fsd           string
		flags, words  string
	}{
		{"OL", "", ups.Fresh, "no", "0x05000008", "ONLINE "},
		{"OL CHRG", "", ups.Fresh, "no", "0x05000008", "ONLINE "},
		{"OL TRIM", "", ups.Fresh, "no", "0x0500000A", "TRIM ONLINE "},
		{"OL BOOST OVER RB", "", ups.Fresh, "no", "0x050000AC", "BOOST ONLINE OVERLOAD REPLACEBATT "},
		{"OL CAL", "", ups.Fresh, "no", "0x05000009", "CAL ONLINE "},
		{"OB DISCHRG", "", ups.Fresh, "no", "0x05060010", "ONBATT "},
		{"OB LB", "", ups.Fresh, "no", "0x05060050", "ONBATT LOWBATT "},
		{"FSD OB LB", "", ups.Fresh, "yes", "0x05060250", "SHUTTING DOWN"},
		{"OL", "", ups.Fresh, "yes", "0x05000208", "SHUTTING DOWN"},
		{"OL RB", "No battery installed!", ups.Fresh, "no", "0x01000088", "ONLINE REPLACEBATT NOBATT "},
		{"OL", "", ups.Stale, "no", "0x05000100", "COMMLOST "},
		{"OB LB", "", ups.Stale, "no", "0x05060150", "COMMLOST "},
		{"OB", "", ups.Stale, "yes", "0x05060310", "SHUTTING DOWN"},
		{"OFF", "", ups.Fresh, "no", "0x05000000", ""},
		{"", "", ups.Absent, "", "0x05000100", "COMMLOST "},
	}
	for _, tt := range tests {
		v := view()
		v.UPS = snapshot(tt.fresh, map[string]string{"ups.status": tt.status, "ups.alarm": tt.alarm, "server.fsd": tt.fsd})
		v.History.Battery, v.History.OnBattery = true, v.Now.Add(-time.Minute)
		got := values(t, Status(v))
		if got["STATFLAG"] != tt.flags || got["STATUS"] != tt.words {
			t.Errorf("%s, %s: %s %q, want %s %q", tt.status, tt.fresh, got["STATFLAG"], got["STATUS"], tt.flags, tt.words)
		}
	}
}

// The limits of the card are told by bits, too, while they count.
func TestLimitFlags(t *testing.T) {
	v := view()
	v.UPS = snapshot(ups.Fresh, map[string]string{"ups.status": "OB", "battery.charge": "50", "battery.runtime": "600"})
	v.History.Battery, v.History.OnBattery = true, v.Now.Add(-3*time.Second)
	for _, tt := range []struct {
		limits Limits
		want   string
	}{{Limits{}, "0x05040010"}, {Limits{Charge: 50}, "0x050C0010"}, {Limits{Charge: 49}, "0x05040010"}, {Limits{Runtime: 10 * time.Minute}, "0x05240010"},
		{Limits{OnBattery: 2 * time.Second}, "0x05140010"}, {Limits{OnBattery: 3 * time.Second}, "0x05040010"}} {
		v.Limits = tt.limits
		if got := values(t, Status(v))["STATFLAG"]; got != tt.want {
			t.Errorf("%+v: %s, want %s", tt.limits, got, tt.want)
		}
	}
	v.Limits = Limits{Charge: 50, Runtime: 10 * time.Minute, OnBattery: 2 * time.Second}
	got := values(t, Status(v))
	if got["MBATTCHG"] != "50 Percent" || got["MINTIMEL"] != "10 Minutes" || got["MAXTIME"] != "2 Seconds" {
		t.Errorf("limits are %q, %q, %q", got["MBATTCHG"], got["MINTIMEL"], got["MAXTIME"])
	}
}

// What a UPS says of itself cannot break a record, or be too long.
func TestHostileTexts(t *testing.T) {
	v := view()
	v.UPS = v.UPS.WithValues(map[string]string{"ups.model": "a\nSTATFLAG : 0x200\x00é", "ups.serial": strings.Repeat("9", 500)})
	got := values(t, Status(v))
	if got["MODEL"] != "a?STATFLAG : 0x200???" {
		t.Errorf("MODEL is %q", got["MODEL"])
	}
	if len(got["SERIALNO"]) != maxLine-12 {
		t.Errorf("SERIALNO has %d bytes", len(got["SERIALNO"]))
	}
}

func TestWords(t *testing.T) {
	for name, list := range map[string]map[string]string{
		"SENSE":    {"low": "Low", "Medium": "Medium", "H": "High", "auto": "Auto Adjust", "x": "Unknown", "": "-"},
		"ALARMDEL": {"enabled": "30 Seconds", "muted": "30 Seconds", "disabled": "No alarm", "": "-"},
		"STESTI":   {"0": "None", "604800": "7 days", "1209600": "14 days", "7200": "2 hours", "power on": "power on", "": "-"},
		"SELFTEST": {"Done and passed": "OK", "Done and warning": "WN", "Done and error": "NG", "Aborted": "NG", "In progress": "IP", "No test initiated": "NO",
			"Test scheduled": "??", "": "-"},
		"BATTDATE": {"2015/06/10": "2015-06-10", "06/10/15": "2015-06-10", "2015-06-10": "2015-06-10", "soon": "soon"},
	} {
		source := map[string]string{"SENSE": "input.sensitivity", "ALARMDEL": "ups.beeper.status", "STESTI": "ups.test.interval", "SELFTEST": "ups.test.result",
			"BATTDATE": "battery.date"}[name]
		for value, want := range list {
			v := view()
			v.UPS = v.UPS.WithValues(map[string]string{source: value})
			got, ok := values(t, Status(v))[name]
			if !ok {
				got = "-"
			}
			if got != want {
				t.Errorf("%s of %q: %q, want %q", name, value, got, want)
			}
		}
	}
	v := view()
	v.UPS = v.UPS.WithValues(map[string]string{"ups.status": "OL TEST"})
	if got := values(t, Status(v))["SELFTEST"]; got != "IP" {
		t.Errorf("SELFTEST is %q during one", got)
	}
	for letter, want := range map[string]string{"T": "30 Seconds", "L": "Low Battery", "N": "No alarm", "0": "5 Seconds", "9": "Always"} {
		v.UPS = v.UPS.WithValues(map[string]string{"battery.alarm.threshold": letter})
		if got := values(t, Status(v))["ALARMDEL"]; got != want {
			t.Errorf("ALARMDEL of %q is %q", letter, got)
		}
	}
}
