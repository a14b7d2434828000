package sim

import (
	"math"

	"github.com/upscard/upscard/services/hid"
	"github.com/upscard/upscard/tools/virtups/model"
)

// binding ties a field to what the model knows of it.
type binding struct {
	field    *hid.Field
	wide     hid.Field
	part     place
	quantity quantity

	// factor is raw units per physical unit for a device whose units are not what its descriptor says, else 0.
	factor float64

	idle int64 // raw value of a timer that does not run
}

// bind finds every field that the model knows, and a unit whose values are those that the reports hold.
func bind(parsed *hid.Descriptor, r *reports) (*model.Unit, []binding) {
	var all []binding
	for i := range parsed.Fields {
		f := &parsed.Fields[i]
		if f.Kind == hid.Output {
			continue
		}
		if q, part, ok := lookup(f); ok {
			all = append(all, binding{field: f, wide: wide(f), part: part, quantity: q})
		}
	}
	unit := seed(all, r)
	full := capacity(parsed, r)
	for i := range all {
		all[i].calibrate(unit, r, full)
	}
	return unit, all
}

// held is the raw value in the field's report, and whether there is one that says anything.
func (b *binding) held(r *reports) (int64, bool) {
	raw, ok := b.wide.Raw(r.image(b.field.Kind, b.field.ReportID))
	return raw, ok && raw != 0
}

// credible bounds how far a device's value may be from the model's for its units to be believed.
const credible = 1.5

// calibrate finds the factor: of a count of capacity that is no percentage, or of a measure that decodes to nonsense.
func (b *binding) calibrate(unit *model.Unit, r *reports, full float64) {
	switch b.quantity.class {
	case percent:
		b.factor = full / 100
	case seconds:
		b.idle = b.resting(r)
	case measure:
		raw, ok := b.held(r)
		want := b.quantity.read(unit)
		if !ok || want == 0 {
			return
		}
		if ratio := b.wide.Physical(raw) / want; ratio < 1/credible || ratio > credible {
			b.factor = float64(raw) / want
		}
	}
}

// resting is what a timer that does not run holds: -1, unless the device was seen to say otherwise or cannot say so.
func (b *binding) resting(r *reports) int64 {
	raw, ok := b.wide.Raw(r.image(b.field.Kind, b.field.ReportID))
	if ok && r.known(b.field.Kind, b.field.ReportID) {
		return raw
	}
	return -1
}

// raw is the field's value for the state that the unit is in.
func (b *binding) raw(unit *model.Unit) int64 {
	v := b.quantity.read(unit)
	switch {
	case b.quantity.class == flag || b.quantity.class == number:
		return int64(math.Round(v))
	case b.quantity.class == percent:
		return int64(math.Round(v * b.factor))
	case b.quantity.class == seconds && v < 0:
		return b.idle
	case b.factor != 0:
		return int64(math.Round(v * b.factor))
	}
	return b.wide.Logical(v)
}

// physical is the inverse of raw.
func (b *binding) physical(raw int64) float64 {
	switch {
	case b.quantity.class == flag || b.quantity.class == number:
		return float64(raw)
	case b.quantity.class == percent && b.factor == 0:
		return float64(raw)
	case b.quantity.class == seconds && (raw < 0 || raw == 1<<b.field.Size-1):
		return -1
	case b.factor != 0:
		return float64(raw) / b.factor
	}
	return b.wide.Physical(raw)
}

// capacity is the raw count of a full battery: 100 for a device that counts in percent.
func capacity(parsed *hid.Descriptor, r *reports) float64 {
	const percentMode, usageMode, usageFull = 2, 0x85002c, 0x850067
	full := 100.0
	for i := range parsed.Fields {
		f := &parsed.Fields[i]
		w := wide(f)
		raw, ok := w.Raw(r.image(f.Kind, f.ReportID))
		switch {
		case !ok || f.Kind != hid.Feature:
		case f.Usage() == usageMode && raw == percentMode:
			return 100
		case f.Usage() == usageFull && raw > 100:
			full = float64(raw)
		}
	}
	return full
}
