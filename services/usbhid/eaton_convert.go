package usbhid

import (
	"fmt"
	"math"
	"slices"
	"time"
)

// Words of fields of the vendor's own.
var (
	yesNo           = words(map[int64]string{0: "no", 1: "yes"})
	onOff           = words(map[int64]string{0: "off", 1: "on"})
	enabledDisabled = words(map[int64]string{0: "disabled", 1: "enabled"})

	eatonSensitivity = words(map[int64]string{0: "normal", 1: "high", 2: "low"})
	eatonTypes       = words(map[int64]string{
		1: "offline / line interactive", 2: "online", 3: "online - unitary/parallel", 4: "online - parallel with hot standy",
		5: "online - hot standby redundancy",
	})
	eatonChargers = words(map[int64]string{
		0: "None", 1: "Extended (CLA)", 2: "Large extension", 3: "Extra large extension (XL)", 4: "ABM", 5: "Constant Charge (CC)",
	})
	eatonProtection = words(map[int64]string{0: "not powered", 1: "not protected", 2: "protected"})
	eatonEcoOutlet  = words(map[int64]string{0: "The outlet is not ECO controlled", 1: "The outlet is ECO controlled"})
	eatonEcoSetting = words(map[int64]string{0: "normal", 1: "ECO", 2: "ESS"})

	// eatonBuzzwords is where the mode goes: NUT 2.8.5 has no word for it in ups.status. A mode that is only allowed is none yet.
	eatonBuzzwords = words(map[int64]string{1: "vendor:default:ECO", 2: "vendor:default:ESS"})
)

// abmWords are for the charger's states, which mean nothing unless ABM is enabled.
func abmWords(table map[int64]string) convert {
	return shown(func(v float64, in *inputs) (string, bool) {
		s, ok := table[int64(v)]
		return s, ok && in.vars[eatonMonitored].Value == "1"
	})
}

// The charger's states have other numbers in its mode and in its status.
var (
	abmMode   = abmWords(map[int64]string{1: "charging", 2: "discharging", 3: "floating", 4: "resting", 6: "off"})
	abmStatus = abmWords(map[int64]string{1: "charging", 2: "floating", 3: "resting", 4: "discharging", 6: "off"})
)

// ampereHours writes a capacity that the UPS tells in ampere seconds.
var ampereHours = shown(func(v float64, _ *inputs) (string, bool) { return format(v/3600, 2) })

// powerFactor writes a power factor that the UPS tells in hundredths.
var powerFactor = shown(func(v float64, _ *inputs) (string, bool) { return format(v/100, 2) })

// estimatedPower stands in for the real power of a UPS that does not measure it.
var estimatedPower = shown(func(_ float64, in *inputs) (string, bool) {
	if in.vars["ups.load"].Value == "" || in.vars["ups.power.nominal"].Value == "" {
		return "", false
	}
	factor := 0.8
	if in.vars["output.powerfactor"].Value != "" {
		factor = in.number("output.powerfactor")
	}
	return format(math.Round(in.number("ups.load")/100*in.number("ups.power.nominal")*factor), 0)
})

// batteryNominal is the nominal voltage of the battery.
func (e eatonModel) batteryNominal() convert {
	return shown(func(v float64, in *inputs) (string, bool) {
		t := e.traits(in)
		if t&twelveVolts != 0 {
			v = 12
		}
		s, ok := format(v, 0)
		return s, ok && t&summaryVoltage != 0
	})
}

// batteryVoltage is the voltage of the battery.
func (e eatonModel) batteryVoltage() convert {
	return shown(func(v float64, in *inputs) (string, bool) {
		s, ok := format(v, 1)
		return s, ok && e.traits(in)&summaryVoltage != 0
	})
}

// nominalVoltages are the output voltages that can be chosen, by the mains that they are for.
var nominalVoltages = [][]string{{"100", "110", "120", "127"}, {"200", "208"}, {"220", "230", "240"}}

// nominalVoltage is the output voltage, which can be set to the others of its mains. UPSes that regulate it can do all from 200 V to 240 V.
func (e eatonModel) nominalVoltage() convert {
	choices := func(value string, in *inputs) []string {
		for i, group := range nominalVoltages {
			switch {
			case !slices.Contains(group, value):
			case i == 0 || e.traits(in)&offline != 0:
				return group
			default:
				return slices.Concat(nominalVoltages[1:]...)
			}
		}
		return []string{value}
	}
	c := rw(decimals(0), 3)
	c.choices = choices
	c.parse = func(s string, in *inputs) (float64, error) {
		if all := choices(in.vars["output.voltage.nominal"].Value, in); !slices.Contains(all, s) {
			return 0, fmt.Errorf("%w: want one of %q, got %q", ErrInvalid, all, s)
		}
		return parseNumber(s)
	}
	return c
}

// byLoad are what can be set where outlets are switched by load: whether they are, and from which load of the main one on.
func (e eatonModel) byLoad(c convert, most int) convert {
	c = rw(c, most)
	c.when = e.switchesByLoad
	return c
}

// threshold is the load of the main outlet, in VA, below which the others are switched off.
func (e eatonModel) threshold() convert {
	c := e.byLoad(words(map[int64]string{10: "10", 25: "25", 60: "60"}), 6)
	c.show = func(v float64, in *inputs) (string, bool) {
		s, ok := format(v, 0)
		return s, ok && e.switchesByLoad(in)
	}
	return c
}

// Formats of the UPS's clock, which counts seconds since 1970. It is taken for UTC, having no zone.
const eatonDate, eatonTime = "2006/01/02", "15:04:05"

// clockPart is the date or the time of the UPS's clock. To set one leaves the other as it is.
func clockPart(layout string) convert {
	return convert{
		show: func(v float64, _ *inputs) (string, bool) {
			if math.IsNaN(v) || v < 0 || v > math.MaxUint32 {
				return "", false
			}
			return time.Unix(int64(v), 0).UTC().Format(layout), true
		},
		parse: func(s string, in *inputs) (float64, error) {
			day, hour := s, in.vars["ups.time"].Value
			if layout == eatonTime {
				day, hour = in.vars["ups.date"].Value, s
			}
			t, err := time.Parse(eatonDate+" "+eatonTime, day+" "+hour)
			if err != nil {
				return 0, fmt.Errorf("%w: want %s, got %q", ErrInvalid, layout, s)
			}
			return float64(t.Unix()), nil
		},
	}
}

// keptText is a text that the driver keeps, wherever the field exists: the owner's name for an outlet.
func keptText(standard string, most int) convert {
	return convert{
		kept: standard,
		edit: most,
		show: func(float64, *inputs) (string, bool) { return standard, true },
		parse: func(s string, _ *inputs) (float64, error) {
			if clean(s) != s {
				return 0, fmt.Errorf("%w: want printable ASCII without quotes, backslashes and spaces around it, got %q", ErrInvalid, s)
			}
			return 0, nil
		},
	}
}
