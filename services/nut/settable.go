package nut

import (
	"slices"
	"strconv"

	"github.com/upscard/upscard/services/lazyre"
	"github.com/upscard/upscard/services/ups"
)

// settable tells what forbids to set a variable to a value, "" if nothing does. The driver may still refuse it.
func settable(v ups.Var, value string) errorCode {
	switch {
	case v.Flags&ups.RW == 0:
		return errReadonly
	case v.Flags&ups.String != 0 && v.MaxLen < 1:
		return errSetFailed // the driver takes no text for a text
	case v.Flags&ups.String != 0 && len(value) > v.MaxLen:
		return errTooLong
	case len(v.Enum) > 0 && !slices.Contains(v.Enum, value):
		return errInvalidValue
	case len(v.Ranges) > 0 && !inRange(v.Ranges, value):
		return errInvalidValue
	case v.Flags&(ups.Number|ups.String) == ups.Number && len(v.Enum) == 0 && !number.MatchString(value):
		return errInvalidValue
	}
	return ""
}

// number is what counts as one. To NUT's upsd and drivers other text is the number 0, which for a delay means now.
var number = lazyre.New(`^-?[0-9]{1,15}(\.[0-9]{1,15})?$`)

// inRange reports whether a value is a number within one of the ranges.
func inRange(ranges []ups.Range, value string) bool {
	if !number.MatchString(value) {
		return false
	}
	x, err := strconv.ParseFloat(value, 64)
	return err == nil && slices.ContainsFunc(ranges, func(r ups.Range) bool { return float64(r.Min) <= x && x <= float64(r.Max) })
}
