package sim

import (
	"fmt"
	"strconv"
	"strings"
)

// one returns the only argument, in lower case.
func one(args []string, what string) (string, error) {
	if len(args) != 1 {
		return "", fmt.Errorf("expected %s, got %d words", what, len(args))
	}
	return strings.ToLower(args[0]), nil
}

// onOff reads a switch's position.
func onOff(args []string) (bool, error) {
	word, err := one(args, "on or off")
	switch {
	case err != nil:
		return false, err
	case word == "on":
		return true, nil
	case word == "off":
		return false, nil
	}
	return false, unknown("position", word, []string{"on", "off"})
}

// numeral reads a number with a unit that may be left out.
func numeral(args []string, what, unit string, lo, hi float64) (float64, error) {
	word, err := one(args, "a number of "+what)
	if err != nil {
		return 0, err
	}
	v, err := strconv.ParseFloat(strings.TrimSuffix(word, unit), 64)
	if err != nil || !(v >= lo && v <= hi) {
		return 0, fmt.Errorf("%q is no number of %s from %g to %g", word, what, lo, hi)
	}
	return v, nil
}

// reportID reads a report's number, decimal or 0x and hexadecimal.
func reportID(word string) (uint8, error) {
	id, err := strconv.ParseUint(word, 0, 8)
	if err != nil {
		return 0, fmt.Errorf("%q is no report id from 0 to 255 (0x0c is read as hexadecimal)", word)
	}
	return uint8(id), nil
}
