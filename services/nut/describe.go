package nut

import "strings"

// noDescription is what NUT says of a name that it does not know.
const noDescription = "Description unavailable"

// DescribeVar returns what a variable means. NUT's docs/nut-names.txt gives the names.
func DescribeVar(name string) string {
	name, phase := plain(name)
	if d, ok := composed(name); ok {
		return d + phase
	}
	for _, p := range varPrefixes {
		if rest, ok := strings.CutPrefix(name, p.prefix); ok && rest != "" {
			return p.description
		}
	}
	return noDescription
}

// DescribeCommand returns what an instant command does.
func DescribeCommand(name string) string {
	name, _ = plain(name)
	if d, ok := commandDescriptions[name]; ok {
		return d
	}
	return noDescription
}

// plain takes what only says which one out of a name: the prefix of a proxied UPS, numbers of outlets, sensors or
// daisy-chained devices, the phase. The phase comes back in words, or "".
func plain(name string) (string, string) {
	name = strings.TrimPrefix(strings.ToLower(name), "upstream.")
	var kept []string
	phase := ""
	for part := range strings.SplitSeq(name, ".") {
		switch {
		case phases[part] != "":
			phase = phases[part]
		case strings.Trim(part, "0123456789") != "" || part == "":
			kept = append(kept, part)
		case len(kept) == 1 && kept[0] == "device": // device.1.ups.status
			kept = nil
		}
	}
	return strings.Join(kept, "."), phase
}

var phases = map[string]string{
	"l1": ", phase L1", "l2": ", phase L2", "l3": ", phase L3", "n": ", neutral",
	"l1-n": ", L1 to neutral", "l2-n": ", L2 to neutral", "l3-n": ", L3 to neutral",
	"l1-l2": ", L1 to L2", "l2-l3": ", L2 to L3", "l3-l1": ", L3 to L1",
}

// composed describes a measurement by its parts: where, what, which aspect of it.
func composed(name string) (string, bool) {
	if d, ok := measured(name); ok {
		return d, true
	}
	for _, a := range aspects {
		if base, ok := strings.CutSuffix(name, a.suffix); ok {
			d, ok := measured(base)
			return d + a.words, ok
		}
	}
	return "", false
}

func measured(name string) (string, bool) {
	if d, ok := varDescriptions[name]; ok {
		return d, true
	}
	i := max(0, strings.LastIndexByte(name, '.'))
	place, ok1 := places[name[:i]]
	quantity, ok2 := quantities[strings.TrimPrefix(name[i:], ".")]
	return place + " " + quantity, ok1 && ok2
}

var places = map[string]string{
	"input":                "Input",
	"input.bypass":         "Bypass input",
	"input.servicebypass":  "Service bypass input",
	"output":               "Output",
	"output.bypass":        "Bypass output",
	"output.inverter":      "Inverter output",
	"output.servicebypass": "Service bypass output",
	"battery":              "Battery",
	"ups":                  "UPS",
	"ambient":              "Ambient",
	"outlet":               "Outlet",
	"outlet.group":         "Outlet group",
}

var quantities = map[string]string{
	"voltage":     "voltage in volts",
	"current":     "current in amperes",
	"frequency":   "frequency in hertz",
	"power":       "apparent power in volt-amperes",
	"realpower":   "real power in watts",
	"load":        "load in percent of full load",
	"powerfactor": "power factor, 0 to 1",
	"crestfactor": "crest factor, 1 or more",
	"temperature": "temperature in degrees Celsius",
	"humidity":    "relative humidity in percent",
	"alarm":       "alarms",
}

// aspects end the name of a measurement, the longest first where one ends another.
var aspects = []struct{ suffix, words string }{
	{".maximum.percent", ", highest seen, in percent"},
	{".minimum.percent", ", lowest seen, in percent"},
	{".alarm.maximum", ", level above which there is an alarm"},
	{".alarm.minimum", ", level below which there is an alarm"},
	{".alarm.enable", ", whether alarms are on"},
	{".low.warning", ", level below which it warns"},
	{".low.critical", ", level below which it is critical"},
	{".high.warning", ", level above which it warns"},
	{".high.critical", ", level above which it is critical"},
	{".nominal", ", nominal"},
	{".maximum", ", highest seen"},
	{".minimum", ", lowest seen"},
	{".percent", ", in percent of the maximum"},
	{".status", ", compared with its levels"},
	{".alarm", ", whether alarms are on"},
	{".total", ", in total"},
	{".peak", ", peak"},
	{".low", ", lower limit"},
	{".high", ", upper limit"},
}

var varPrefixes = []struct{ prefix, description string }{
	{"driver.parameter.", "Setting that the driver runs with"},
	{"driver.flag.", "Switch that the driver runs with"},
	{"unmapped.", "Value of the device that has no name yet"},
	{"experimental.", "Value whose name may still change"},
}
