package usbhid

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/upscard/upscard/services/ups"
)

// inputs is what a conversion may look at beside the value itself.
type inputs struct {
	vars  map[string]ups.Var // the variables of the rows before
	full  float64            // FullChargeCapacity, 0 if not known
	texts *texts
}

// number returns a variable as a number, 0 if it is none.
func (in *inputs) number(name string) float64 {
	v, _ := strconv.ParseFloat(in.vars[name].Value, 64)
	return v
}

// convert translates between a field's physical value and a variable's text, as NUT writes it.
type convert struct {
	show    show
	parse   parse    // nil where nothing is known of the way back
	enum    []string // all there is, where that is a few words
	edit    int      // longest text that may be written, 0 for what cannot be written
	numeric bool     // the text is the value itself
	kept    string   // of a variable that the driver keeps: its value until it is set
	blind   bool     // the field does not show what was written

	choices func(value string, in *inputs) []string // in place of enum, where what can be set depends on what is
	when    func(in *inputs) bool                   // whether it can be written, where that depends; nil is always
}

// show writes a value. It reports false for one that means nothing.
type show func(v float64, in *inputs) (string, bool)

// parse is the inverse of show. Its errors say what was expected.
type parse func(s string, in *inputs) (float64, error)

// shown only reads.
func shown(f show) convert { return convert{show: f} }

// rw makes what is read writable as well, by texts of at most most bytes.
func rw(c convert, most int) convert {
	if c.parse == nil {
		panic("a conversion without the way back cannot be writable")
	}
	c.edit = most
	return c
}

// decimals writes a number with n digits after the point.
func decimals(n int) convert {
	return convert{
		numeric: true,
		show:    func(v float64, _ *inputs) (string, bool) { return format(v, n) },
		parse:   func(s string, _ *inputs) (float64, error) { return parseNumber(s) },
	}
}

func parseNumber(s string) (float64, error) {
	v, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		return 0, fmt.Errorf("%w: want a number, got %q", ErrInvalid, s)
	}
	return v, nil
}

func format(v float64, n int) (string, bool) {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return "", false
	}
	s := strconv.FormatFloat(v, 'f', n, 64)
	if strings.Trim(s, "-0.") == "" {
		s = strings.TrimPrefix(s, "-")
	}
	return s, true
}

// words writes a number as a word; a number without one means nothing.
func words(table map[int64]string) convert {
	return convert{
		show: func(v float64, _ *inputs) (string, bool) {
			s, ok := table[int64(v)]
			return s, ok
		},
		parse: func(s string, _ *inputs) (float64, error) {
			for _, n := range slices.Sorted(maps.Keys(table)) {
				if table[n] == s {
					return float64(n), nil
				}
			}
			return 0, fmt.Errorf("%w: want one of %q, got %q", ErrInvalid, wordsOf(table), s)
		},
		enum: wordsOf(table),
	}
}

// wordsOf lists the words of a table in the order of their numbers, each once.
func wordsOf(table map[int64]string) []string {
	var all []string
	for _, n := range slices.Sorted(maps.Keys(table)) {
		if !slices.Contains(all, table[n]) {
			all = append(all, table[n])
		}
	}
	return all
}

// kept is a variable that the driver keeps itself wherever the field exists, and that may be set: NUT's delays, which
// are written to the UPS by the command that needs them and never before.
func kept(standard string) convert {
	c := decimals(0)
	c.parse, c.kept, c.edit = parseDelay, standard, 10
	return c
}

// text writes the string descriptor that the value is the index of.
var text = shown(func(v float64, in *inputs) (string, bool) {
	if v < 0 || v > math.MaxUint8 {
		return "", false
	}
	return in.texts.get(uint8(v))
})

// percent writes a capacity. Devices that count in other units than percent tell what a full battery has.
var percent = shown(func(v float64, in *inputs) (string, bool) {
	if in.full > 100 {
		v = 100 * v / in.full
	}
	return format(min(v, 100), 0)
})

// percentLimit writes a threshold of the capacity. It is in the capacity's unit (HID Power Device Class 1.0, 4.2.3): one of 150 mAh is
// no low battery at 100 % of 1500 mAh (capture ups-hi-09d6; NUT shows 1500 and 150).
var percentLimit = convert{
	numeric: true,
	show: func(v float64, in *inputs) (string, bool) {
		if in.full > 100 {
			v = 100 * v / in.full
		}
		return format(v, 0)
	},
	parse: func(s string, in *inputs) (float64, error) {
		v, err := parseNumber(s)
		if in.full > 100 {
			v = v * in.full / 100
		}
		return v, err
	},
}

// celsius writes a temperature. The class says kelvin; some devices send degrees Celsius all the same.
var celsius = shown(func(v float64, _ *inputs) (string, bool) {
	if v >= 273 && v <= 373 {
		v -= 273.15
	}
	return format(v, 1)
})

// date writes a packed date (HID Power Device Class 1.0, 4.2.6): 7 bits of years since 1980, 4 of month, 5 of day.
var date = convert{
	show: func(v float64, _ *inputs) (string, bool) {
		n := int64(v)
		if n == 0 {
			return "not set", true
		}
		if n < 0 || n > math.MaxUint16 {
			return "", false
		}
		return fmt.Sprintf("%04d/%02d/%02d", 1980+n>>9, n>>5&0x0f, n&0x1f), true
	},
	parse: func(s string, _ *inputs) (float64, error) {
		t, err := parseDate(s)
		if err != nil || t.Year() < 1980 || t.Year() > 1980+127 {
			return 0, fmt.Errorf("%w: want a date from 1980/01/01 to 2107/12/31, got %q", ErrInvalid, s)
		}
		return float64((t.Year()-1980)<<9 | int(t.Month())<<5 | t.Day()), nil
	},
}

func parseDate(s string) (time.Time, error) { return time.Parse("2006/01/02", s) }

// inProgress is a test that runs (HID Power Device Class 1.0, 4.1.5).
const inProgress = 5

// Words of HID Power Device Class 1.0, 4.1.5, as NUT writes them.
var (
	testResults = words(map[int64]string{
		1: "Done and passed", 2: "Done and warning", 3: "Done and error", 4: "Aborted",
		inProgress: "In progress", 6: "No test initiated", 7: "Test scheduled",
	})
	beeperStates = words(map[int64]string{1: "disabled", 2: "enabled", 3: "muted"})
)
