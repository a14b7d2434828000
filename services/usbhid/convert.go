package usbhid

import (
	"fmt"
	"math"
	"strconv"
	"strings"

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

// convert writes a field's physical value as NUT does. It reports false for a value that means nothing.
type convert func(v float64, in *inputs) (string, bool)

// decimals writes a number with n digits after the point.
func decimals(n int) convert {
	return func(v float64, _ *inputs) (string, bool) { return format(v, n) }
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
	return func(v float64, _ *inputs) (string, bool) {
		s, ok := table[int64(v)]
		return s, ok
	}
}

// always writes a fixed value wherever the field exists.
func always(s string) convert {
	return func(float64, *inputs) (string, bool) { return s, true }
}

// text writes the string descriptor that the value is the index of.
func text(v float64, in *inputs) (string, bool) {
	if v < 0 || v > math.MaxUint8 {
		return "", false
	}
	return in.texts.get(uint8(v))
}

// percent writes a capacity. Devices that count in other units than percent tell what a full battery has.
func percent(v float64, in *inputs) (string, bool) {
	if in.full > 100 {
		v = 100 * v / in.full
	}
	return format(min(v, 100), 0)
}

// celsius writes a temperature. The class says kelvin; some devices send degrees Celsius all the same.
func celsius(v float64, _ *inputs) (string, bool) {
	if v >= 273 && v <= 373 {
		v -= 273.15
	}
	return format(v, 1)
}

// date writes a packed date (HID Power Device Class 1.0, 4.2.6): 7 bits of years since 1980, 4 of month, 5 of day.
func date(v float64, _ *inputs) (string, bool) {
	n := int64(v)
	if n == 0 {
		return "not set", true
	}
	if n < 0 || n > math.MaxUint16 {
		return "", false
	}
	return fmt.Sprintf("%04d/%02d/%02d", 1980+n>>9, n>>5&0x0f, n&0x1f), true
}

// Words of HID Power Device Class 1.0, 4.1.5, as NUT writes them.
var (
	testResults = words(map[int64]string{
		1: "Done and passed", 2: "Done and warning", 3: "Done and error", 4: "Aborted",
		5: "In progress", 6: "No test initiated", 7: "Test scheduled",
	})
	beeperStates = words(map[int64]string{1: "disabled", 2: "enabled", 3: "muted"})
)
