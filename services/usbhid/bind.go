package usbhid

import "github.com/upscard/upscard/services/hid"

// collect makes the points. An input field with the path of a feature is another way to the same value.
func (m *model) collect() {
	alone := make(map[string]*point) // by path: points that no input field feeds yet
	for _, kind := range []hid.Kind{hid.Feature, hid.Input} {
		for i := range m.descriptor.Fields {
			f := &m.descriptor.Fields[i]
			if f.Kind != kind || f.Index > 0 || f.Choices != nil {
				continue
			}
			path := f.Path.String()
			if p := alone[path]; kind == hid.Input && p != nil {
				p.input = f
				delete(alone, path)
				continue
			}
			p := &point{}
			if kind == hid.Input {
				p.input = f
			} else if p.feature = f; alone[path] == nil {
				alone[path] = p
			}
			m.points = append(m.points, p)
		}
	}
}

// find returns the points whose path matches the pattern.
func (m *model) find(s string) []*point {
	pattern := compile(s, m.family.names)
	var all []*point
	for _, p := range m.points {
		if pattern.matches(p.field().Path) {
			all = append(all, p)
		}
	}
	return all
}

// bind makes the slots from the tables.
func (m *model) bind() {
	variables, states := make(map[string]*slot), make(map[flag]*slot)
	for _, r := range m.family.table(m.id) {
		for _, p := range m.find(r.path) {
			s := variables[r.name]
			if s == nil {
				s = &slot{name: r.name}
				variables[r.name], m.slots = s, append(m.slots, s)
			}
			s.sources = append(s.sources, source{point: p, as: r.as, class: r.class})
		}
	}
	for _, r := range m.family.flagTable() {
		for _, p := range m.find(r.path) {
			s := states[r.flag]
			if s == nil {
				s = &slot{flag: r.flag}
				states[r.flag], m.slots = s, append(m.slots, s)
			}
			s.sources = append(s.sources, source{point: p, class: r.flag.class(), sense: r.sense})
		}
	}
}

// bindCommands makes the commands from the tables. What cannot be written has none.
func (m *model) bindCommands() {
	known := make(map[string]*command)
	for _, r := range m.family.commandTable() {
		for _, p := range m.find(r.path) {
			if p.feature == nil || !writable(p.feature) {
				continue
			}
			c := known[r.name]
			if c == nil {
				c = &command{name: r.name}
				known[r.name], m.commands = c, append(m.commands, c)
			}
			c.controls = append(c.controls, control{p, r.act})
		}
	}
}

// notice is a point behind texts of ups.alarm.
type notice struct {
	*point
	texts map[int64]string
}

// bindAlarms finds the fields that tell alarms of the vendor's own.
func (m *model) bindAlarms() {
	for _, r := range m.family.alarms {
		for _, p := range m.find(r.path) {
			m.alarms = append(m.alarms, notice{p, r.texts})
		}
	}
}

// source returns the best of the slot's sources: the first that can be polled, else the first that comes by interrupt.
func (m *model) source(s *slot) (source, bool) {
	for _, src := range s.sources {
		if !m.dead[src.key()] {
			return src, true
		}
	}
	for _, src := range s.sources {
		if src.input != nil {
			return src, true
		}
	}
	return source{}, false
}
