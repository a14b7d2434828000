package main

import (
	"reflect"
	"testing"

	"github.com/upscard/upscard/services/config"
	"github.com/upscard/upscard/services/ups"
)

// everything is an entry that gives every option.
const everything = `[ups.rack]
vendor = "Acme.*"
product = "UPS"
bus = 1
busport = 1
pollonly = true
interruptsize = 8
maxreport = true
disable_fix_report_desc = true
onlinedischarge = true
onlinedischarge_calibration = true
onlinedischarge_log_throttle_sec = 0
onlinedischarge_log_throttle_hovercharge = 95
lbrb_log_delay_sec = 5
lbrb_log_delay_without_calibrating = true
offdelay = 0
ondelay = -1
lowbatt = 40
ignorelb = true
sdcommands = "load.off,shutdown.stayoff"
override."input.voltage" = 117
default."battery.type" = "PbAc"
powercom_sdcmd_byte_order_fallback = true
powercom_sdcmd_discrete_delay = true
`

// Every option reaches the driver: no field of what it takes stays as it was.
func TestTuningIsWhole(t *testing.T) {
	c, err := config.Parse("f", []byte(everything))
	if err != nil {
		t.Fatal(err)
	}
	d := c.UPS[0].Driver
	d.InterruptOnly = true // which no file can say beside pollonly
	for _, whole := range []any{d, tuning(d)} {
		v := reflect.ValueOf(whole)
		for i := range v.NumField() {
			if v.Field(i).IsZero() {
				t.Errorf("%s.%s is zero", v.Type(), v.Type().Field(i).Name)
			}
		}
	}
	want := map[string]string{"ups.delay.shutdown": "0", "ups.delay.start": "-1", "battery.charge.low": "40"}
	if got := standards(d); !reflect.DeepEqual(got, want) {
		t.Errorf("standards %v, want %v", got, want)
	}
}

// The card's driver finds its UPS by its names and treats it as the file says.
func TestCardTuned(t *testing.T) {
	b := newBench(t, newUPS())
	b.write("usb/roster", "1 1-2 1209:0001 ups \"A\" \"Acme\" \"Other\"\n2 1-1 1209:0001 ups \"A\" \"ACME Inc\" \"UPS\"\n")
	b.write("upscard.toml", everything)
	stop := b.start("-seat", "2")
	var last *ups.Snapshot
	b.await("rack", func(s *ups.Snapshot) bool { last = s; return online(s) })
	for name, want := range map[string]string{
		"battery.type":                            "PbAc",
		"input.voltage":                           "117",
		"driver.flag.ignorelb":                    "enabled",
		"driver.flag.pollonly":                    "enabled",
		"driver.parameter.vendor":                 "Acme.*",
		"driver.parameter.ondelay":                "-1",
		"driver.parameter.lbrb_log_delay_sec":     "5",
		"driver.parameter.sdcommands":             "load.off,shutdown.stayoff",
		"driver.parameter.override.input.voltage": "117",
		"driver.parameter.port":                   "auto",
	} {
		if got := last.Value(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if code := stop(); code != exitAsked {
		t.Errorf("exit code %d\n%s", code, b.logged())
	}
}
