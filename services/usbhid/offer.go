package usbhid

import (
	"math"
	"slices"

	"github.com/upscard/upscard/services/hid"
	"github.com/upscard/upscard/services/ups"
)

// writable reports whether the descriptor lets a field be written. Many UPSes declare what can be written constant; only those that say
// nothing else of a field mean it.
func writable(f *hid.Field) bool { return f.Flags&0xff != hid.Constant }

// control returns what an instant command writes.
func (m *model) control(name string) (control, bool) {
	for _, c := range m.commands {
		if c.name != name {
			continue
		}
		for _, ctl := range c.controls {
			if ctl.known && !m.dead[ctl.key()] {
				return ctl, true
			}
		}
	}
	return control{}, false
}

// compound returns the steps of a compound command whose parts are all offered.
func (m *model) compound(name string) ([]step, bool) {
	for _, c := range compounds {
		if c.name != name {
			continue
		}
		missing := slices.ContainsFunc(c.steps, func(st step) bool {
			_, ok := m.control(st.name)
			return !ok
		})
		return c.steps, !missing
	}
	return nil, false
}

// offered lists the instant commands in no particular order.
func (m *model) offered() []string {
	var all []string
	for _, c := range m.commands {
		if _, ok := m.control(c.name); ok {
			all = append(all, c.name)
		}
	}
	for _, c := range compounds {
		if _, ok := m.compound(c.name); ok && !slices.Contains(all, c.name) {
			all = append(all, c.name)
		}
	}
	if _, _, ok := m.beeper(); ok {
		all = append(all, identifyCommand)
	}
	if slices.ContainsFunc(m.tuning.shutdowns(), func(name string) bool { return slices.Contains(all, name) }) {
		all = append(all, shutdownDefault)
	}
	return all
}

// editable returns the source of a variable that may be set.
func (m *model) editable(name string) (source, bool) {
	if _, fixed := m.tuning.Override[name]; fixed {
		return source{}, false
	}
	for _, s := range m.slots {
		if s.name != name || s.flag != 0 {
			continue
		}
		src, ok := m.source(s)
		return src, ok && src.known && !m.dead[src.key()] && src.editable(m.inputs())
	}
	return source{}, false
}

func (src source) editable(in *inputs) bool {
	return src.as.edit > 0 && (src.as.when == nil || src.as.when(in)) && (src.as.kept != "" || src.feature != nil && writable(src.feature))
}

// describe adds to a variable's value what may be written.
func (src source) describe(value string, in *inputs) ups.Var {
	v := ups.Var{Value: value}
	if !src.editable(in) {
		return v
	}
	v.Flags, v.MaxLen, v.Enum = ups.RW|ups.String, src.as.edit, src.as.enum
	if src.as.choices != nil {
		v.Enum = src.as.choices(value, in)
	}
	if v.Enum == nil && src.as.numeric && src.as.kept == "" {
		v.Ranges = span(src.feature)
	}
	return v
}

// span is what a field can hold, in whole units; nil where it cannot be told.
func span(f *hid.Field) []ups.Range {
	lo, hi := math.Ceil(f.Physical(f.LogicalMin)), math.Floor(f.Physical(f.LogicalMax))
	if lo >= hi || math.Abs(lo) > math.MaxInt32 || math.Abs(hi) > math.MaxInt32 {
		return nil
	}
	return []ups.Range{{Min: int(lo), Max: int(hi)}}
}

// inputs is what conversions may look at, as it is now.
func (m *model) inputs() *inputs {
	return &inputs{vars: m.every(nil), full: m.fullCharge(), texts: m.texts}
}

// notices are the alarms of the vendor's own.
func (m *model) notices() []string {
	var all []string
	for _, n := range m.alarms {
		if text := n.texts[n.now.raw]; n.known && text != "" {
			all = append(all, text)
		}
	}
	return all
}
