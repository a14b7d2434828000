package usbhid

import (
	"github.com/upscard/upscard/services/hid"
	"github.com/upscard/upscard/services/usb"
)

// point is one value of the device: a path, wherever its value travels.
type point struct {
	feature, input *hid.Field // where it is read; one of them may be nil
	now            reading
	known          bool
}

// reading is a value as it was read.
type reading struct {
	raw   int64
	value float64 // physical
}

// field is where the value is polled: NUT too reads everything as a feature report if there is one.
func (p *point) field() *hid.Field {
	if p.feature != nil {
		return p.feature
	}
	return p.input
}

// key names a report.
type key struct {
	kind hid.Kind
	id   uint8
}

func (p *point) key() key { return key{p.field().Kind, p.field().ReportID} }

// source is a point that can feed a slot, with what the table says of it.
type source struct {
	*point
	show  convert // of a variable
	class class   // of a variable
	sense sense   // of a flag
}

// slot is a variable or a flag with its sources, the best first.
type slot struct {
	name    string // of a variable
	flag    flag   // 0 for a variable
	sources []source
}

// model knows what a device's fields mean and what they were when last read. It does no input or output.
type model struct {
	id         usb.ID
	family     *family
	descriptor *hid.Descriptor
	points     []*point
	slots      []*slot // variables in the order of the table, then flags
	full       *point  // FullChargeCapacity
	texts      *texts
	dead       map[key]bool // reports that cannot be read
}

// newModel binds the tables of the device's family to its fields.
func newModel(id usb.ID, d *hid.Descriptor) *model {
	m := &model{id: id, family: familyOf(id), descriptor: d, texts: newTexts(), dead: make(map[key]bool)}
	if m.family.repair != nil {
		m.family.repair(id, d)
	}
	m.collect()
	m.bind()
	if all := m.find("PowerSummary?.FullChargeCapacity"); len(all) > 0 {
		m.full = all[0]
	}
	return m
}

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
			s.sources = append(s.sources, source{point: p, show: r.show, class: r.class})
		}
	}
	for _, r := range m.family.flagTable() {
		for _, p := range m.find(r.path) {
			s := states[r.flag]
			if s == nil {
				s = &slot{flag: r.flag}
				states[r.flag], m.slots = s, append(m.slots, s)
			}
			s.sources = append(s.sources, source{point: p, class: status, sense: r.sense})
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
