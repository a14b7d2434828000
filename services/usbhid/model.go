package usbhid

import (
	"time"

	"github.com/upscard/upscard/services/hid"
	"github.com/upscard/upscard/services/usb"
)

// point is one value of the device: a path, wherever its value travels.
type point struct {
	feature, input *hid.Field // where it is read; one of them may be nil
	now            reading
	known          bool
	at             time.Time // when it was last read
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
	as    convert // of a variable
	class class   // of a variable
	sense sense   // of a flag
}

// slot is a variable or a flag with its sources, the best first.
type slot struct {
	name    string // of a variable
	flag    flag   // 0 for a variable
	sources []source
}

// control is a point that a command can write, with what the table says of it.
type control struct {
	*point
	act act
}

// command is an instant command with its controls, the best first.
type command struct {
	name     string
	controls []control
}

// model knows what a device's fields mean and what they were when last read. It does no input or output.
type model struct {
	id         usb.ID
	family     *family
	descriptor *hid.Descriptor
	points     []*point
	slots      []*slot // variables in the order of the table, then flags
	commands   []*command
	alarms     []notice
	kept       map[string]string // variables that are this and not what the field says, until they are set
	full       *point            // FullChargeCapacity
	texts      *texts
	dead       map[key]bool // reports that cannot or must not be read
	low        computedLow
	trial      trial
	index      *index // nil until the first report
	tuning     Tuning
}

// newModel binds the tables of the device's family to its fields.
func newModel(id usb.ID, d *hid.Descriptor) *model { return familyOf(id).model(id, d) }

func (f *family) model(id usb.ID, d *hid.Descriptor) *model { return f.tunedModel(id, d, Tuning{}) }

func (f *family) tunedModel(id usb.ID, d *hid.Descriptor, t Tuning) *model {
	m := &model{id: id, family: f, descriptor: d, texts: newTexts(), dead: make(map[key]bool), kept: make(map[string]string), tuning: t}
	for _, k := range f.forbidden(id) {
		m.dead[k] = true
	}
	if !t.AsDescribed {
		dropScales(d)
	}
	if m.family.repair != nil && !t.AsDescribed {
		m.family.repair(id, d)
	}
	m.collect()
	m.bind()
	m.bindCommands()
	m.bindAlarms()
	if all := m.find("PowerSummary?.FullChargeCapacity"); len(all) > 0 {
		m.full = all[0]
	}
	if t.InterruptOnly {
		m.mute()
	}
	return m
}
