package config

import (
	"reflect"
	"testing"
)

// ups parses a file with one [ups.a].
func ups(t *testing.T, text string) UPS {
	t.Helper()
	c, err := Parse("f", []byte(text))
	if err != nil || len(c.UPS) != 1 {
		t.Fatalf("%s: %v", text, err)
	}
	return c.UPS[0]
}

func TestDriver(t *testing.T) {
	for text, want := range map[string]UPS{
		"ups.a.port = 'auto'":                             {},
		"ups.a = {vendorid = '051D|0764'}":                {VendorID: "051D|0764"},
		"ups.a.productid = '00.[0-3]'":                    {ProductID: "00.[0-3]"},
		"ups.a.bus = '2'":                                 {Bus: "002"},
		"ups.a.busport = '00[12]'":                        {BusPort: "00[12]"},
		"ups.a.serial = '3B.*'":                           {Serial: "3B.*"},
		"ups.a.pollonly = false":                          {},
		"ups.a.ondelay = -1":                              {Driver: Driver{OnDelay: new(-1)}},
		"ups.a.offdelay = 0":                              {Driver: Driver{OffDelay: new(0)}},
		"ups.a.onlinedischarge = true":                    {Driver: Driver{OnlineDischargeOnBattery: true}},
		"ups.a.sdcommands = 'load.off, shutdown.stayoff'": {Driver: Driver{SDCommands: []string{"load.off", "shutdown.stayoff"}}},
		"ups.a.override.battery.charge.low = 40":          {Driver: Driver{Override: []Setting{{"battery.charge.low", "40"}}}},
		"[ups.a]\noverride.'battery.charge.low' = 40":     {Driver: Driver{Override: []Setting{{"battery.charge.low", "40"}}}},
		"[ups.a.override]\n'battery.charge.low' = '40'\nbattery.voltage.nominal = 13.5": {Driver: Driver{
			Override: []Setting{{"battery.charge.low", "40"}, {"battery.voltage.nominal", "13.5"}}}},
		"[ups.a.default.battery]\ntype = 'PbAc'\n[ups.a.default.input.L1-N]\nvoltage.nominal=230": {Driver: Driver{
			Default: []Setting{{"battery.type", "PbAc"}, {"input.L1-N.voltage.nominal", "230"}}}},
	} {
		want.Name = "a"
		if got := ups(t, text); !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\ngot  %+v\nwant %+v", text, got, want)
		}
	}
}

func TestDriverErrors(t *testing.T) {
	for text, want := range map[string]string{
		"ups.a.vendorid = '051g*'":                                      `f:1:18: vendorid: want one to four hexadecimal digits in quotes, as "051d", got "051g*"`,
		"ups.a.vendorid = '051d('":                                      `f:1:18: vendorid: want a regular expression, got "051d(": missing closing ): ` + "`051d(`",
		"ups.a.serial = 'a)(b'":                                         `f:1:16: serial: want a regular expression, got "a)(b": unexpected ): ` + "`a)(b`",
		"ups.a.bus = 0":                                                 `f:1:13: bus: want a number from 1 to 999, or a regular expression of three digits in quotes, as "00[12]", got "0"`,
		"ups.a.device = 5":                                              "f:1:7: device: a device number is another one each time the UPS is plugged in, so it cannot tell which UPS is meant: use serial, else port or busport",
		"ups.a.sdtype = 1":                                              "f:1:7: sdtype: this belongs to drivers for serial lines (apcsmart, upscode2); usbhid-ups has sdcommands, a list of commands to try in order",
		"ups.a.explore = true":                                          "f:1:7: explore: run `usbhid-ups explore` to see everything that an unknown device says; every power device is served without it",
		"ups.a.pollonly = 1":                                            "f:1:18: pollonly: want true or false, got a whole number",
		"ups.a.polonly = true":                                          `f:1:7: unknown key "polonly" in [ups.a], did you mean "pollonly"?`,
		"ups.a.onlinedischarge_battery = true":                          `f:1:7: unknown key "onlinedischarge_battery" in [ups.a], did you mean "onlinedischarge_onbattery"?`, // as NUT's manual page has it
		"ups.a.overide = {}":                                            `f:1:7: unknown key "overide" in [ups.a], did you mean "override"?`,
		"ups.a.offdelay = -1":                                           "f:1:18: offdelay: want whole seconds from 0 to 65535, got -1",
		"ups.a.lowbatt = '40'":                                          "f:1:17: lowbatt: want whole percent from 0 to 100, got text",
		"[ups.a]\npollonly = true\ninterruptonly = true":                "f:3:17: interruptonly: with pollonly nothing would be read",
		"ups.a.sdcommands = 'load.off,,x'":                              `f:1:20: sdcommands: want an instant command in quotes, as "shutdown.return", got ""` + "\n" + `f:1:20: sdcommands: want an instant command in quotes, as "shutdown.return", got "x"`,
		"ups.a.override = 'x'":                                          `f:1:18: override: want variables, as override."battery.charge.low" = "40"`,
		"ups.a.override.battery = 'x'":                                  `f:1:16: override."battery": want the name of a variable, as battery.charge.low, got "battery"`,
		"ups.a.override.'ups.status' = 'OL'":                            "f:1:16: override.ups.status: ups.status tells what the UPS says of its power, and nothing else",
		"ups.a.default.driver.name = 'x'":                               "f:1:15: default.driver.name: driver.name is the card's own to tell",
		"ups.a.override.battery.charge.low = 'low'":                     `f:1:37: override.battery.charge.low: want a number from 0 on, got "low"`,
		"ups.a.override.ups.delay.shutdown = -1":                        `f:1:37: override.ups.delay.shutdown: want a number from 0 on, got "-1"`,
		"ups.a.override.ups.model = 'a\"b'":                             `f:1:28: override.ups.model: want ASCII without quotes and backslashes, got "a\"b"`,
		"ups.a.override.ups.model = [1]":                                `f:1:20: override.ups.model: want text or a number, got a list`,
		"ups.a.override = {'ups.id' = 1, ups.id = 2}":                   "f:1:42: override.ups.id: is set twice",
		"[[ups.a.override]]":                                            `f:1:9: override: want variables, as override."battery.charge.low" = "40"`,
		"ups.a.override = {battery.charge = 5, battery.charge.low = 4}": "f:1:39: ",
	} {
		_, err := Parse("f", []byte(text))
		if err == nil || err.Error() != want && !(want == "f:1:39: ") {
			t.Errorf("%s:\ngot  %v\nwant %s", text, err, want)
		}
	}
}

func TestPattern(t *testing.T) {
	for _, tt := range []struct {
		expression, text string
		want             bool
	}{
		{"back-ups", "Back-UPS", true},
		{"Back", "Back-UPS", false},
		{"UPS", "Back-UPS", false},
		{"(Smart|Back)-?UPS.*", "Back-UPS RS 900G", true},
		{"a|b.*", "abc", false},
		{"a|b.*", "bc", true},
		{`3B1843X\d+`, "3B1843X12345", true},
		{"", "", true},
	} {
		re, err := Pattern(tt.expression)
		if err != nil || re.MatchString(tt.text) != tt.want {
			t.Errorf("%q on %q: %v, want %v", tt.expression, tt.text, err, tt.want)
		}
	}
	for _, expression := range []string{"(", "a)(b", `\Qa`, "a**", "[z-a]"} {
		if re, err := Pattern(expression); err == nil {
			t.Errorf("%q is %v", expression, re)
		}
	}
}

func TestParameters(t *testing.T) {
	got := ups(t, `[ups.a]
desc = "not the driver's"
vendorid = "51d"
serial = 'a\d'
pollinterval = 5
pollonly = true
ignorelb = false
ondelay = -1
sdcommands = ["load.off", "shutdown.stayoff"]
override.battery.charge.low = 40`).Parameters()
	want := []Setting{
		{"driver.parameter.vendorid", "051d"}, {"driver.parameter.serial", `a\d`}, {"driver.parameter.pollinterval", "5"},
		{"driver.flag.pollonly", "enabled"}, {"driver.parameter.ondelay", "-1"},
		{"driver.parameter.sdcommands", "load.off,shutdown.stayoff"}, {"driver.parameter.override.battery.charge.low", "40"},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

func FuzzPattern(f *testing.F) {
	f.Add("(Smart|Back)-?UPS.*", "Back-UPS")
	f.Add(`\Qa`, "a")
	f.Fuzz(func(t *testing.T, expression, text string) {
		if re, err := Pattern(expression); err == nil {
			re.MatchString(text)
		}
	})
}
