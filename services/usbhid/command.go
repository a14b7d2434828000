package usbhid

import (
	"fmt"
	"math"
	"strconv"
)

// commandRow maps an instant command to the field that is written for it. Where several rows of a table have the same
// command, the first whose field the device has counts.
type commandRow struct {
	name string // NUT's command
	path string // pattern of the field's path
	act  act
}

// act says what a command writes.
type act struct {
	value float64 // physical
	from  string  // the variable that has the value, where there is one and it is a number
	parse parse   // of a parameter in place of the value; nil: the command takes none
	blind bool    // the field does not show what was written
	pack  pack    // of a delay that the field does not count in seconds
}

// pack turns a value into what the field takes for it. Its errors say what fits.
type pack func(v float64) (float64, error)

// fixed writes a value.
func fixed(v float64) act { return act{value: v} }

// pulse writes a value that the field does not keep, as that which starts a test is replaced by its result.
func pulse(v float64) act { return act{value: v, blind: true} }

// after writes a delay in seconds: the parameter, else the variable, else the standard.
func after(variable string, standard float64) act {
	return act{value: standard, from: variable, parse: parseDelay}
}

// abort is the value by which a delay is stopped (HID Power Device Class 1.0, 4.1.4).
const abort = -1

// parseDelay accepts whole seconds. To stop a delay is another command's business.
func parseDelay(s string, _ *inputs) (float64, error) {
	n, err := strconv.ParseUint(s, 10, 31)
	if err != nil {
		return 0, fmt.Errorf("%w: want whole seconds from 0 to %d, got %q", ErrInvalid, math.MaxInt32, s)
	}
	return float64(n), nil
}

// resolve returns the value to write.
func (a act) resolve(param string, in *inputs) (float64, error) {
	switch v, err := strconv.ParseFloat(in.vars[a.from].Value, 64); {
	case param != "" && a.parse == nil:
		return 0, fmt.Errorf("%w: the command takes no parameter, got %q", ErrInvalid, param)
	case param != "":
		v, err := a.parse(param, in)
		if err != nil {
			return 0, err
		}
		return a.encode(v)
	case a.from != "" && err == nil:
		return a.encode(v)
	}
	return a.encode(a.value)
}

// encode returns what the field takes for a value. What stops a delay is the same for all.
func (a act) encode(v float64) (float64, error) {
	if a.pack == nil || v == abort {
		return v, nil
	}
	return a.pack(v)
}

// packed makes a command write its delay in the form that the field takes.
func packed(a act, p pack) act {
	a.pack = p
	return a
}

// trust says when the command was carried out. Whoever switches the load off at once may not be there to see it.
func (a act) trust(v float64) trust {
	if a.blind || v == 0 && a.parse != nil {
		return onWord
	}
	return moved
}

// step is one command of a compound one. A step that fails ends the compound: what follows would be worse without it.
type step struct {
	name string
	with *float64 // in place of the command's own value
}

func exactly(v float64) *float64 { return &v }

// compounds are commands that consist of others. Each is offered where the UPS has no such command of its own and offers all parts.
var compounds = []struct {
	name  string
	steps []step
}{
	{"load.off", []step{{"load.off.delay", exactly(0)}}},
	{"load.on", []step{{"load.on.delay", exactly(0)}}},
	{"shutdown.return", []step{{"load.on.delay", nil}, {"load.off.delay", nil}}},
	{"experimental.bypass.ecomode.start", []step{{"bypass.start", nil}, {"experimental.ecomode.start", nil}}},
	{"experimental.bypass.ecomode.stop", []step{{"bypass.stop", nil}, {"experimental.ecomode.stop", nil}}},
	{"shutdown.stayoff", []step{{"load.on.delay", exactly(abort)}, {"load.off.delay", nil}}},
}

const shutdownDefault = "shutdown.default"

// defaults are what shutdown.default does: the first of them that the UPS offers.
var defaults = []string{"shutdown.return", "shutdown.reboot", "load.off.delay", "shutdown.stayoff"}
