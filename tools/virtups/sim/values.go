package sim

import (
	"bytes"

	"github.com/upscard/upscard/services/hid"
)

// Value is one field of one report as it is now.
type Value struct {
	Path     hid.Path
	Kind     hid.Kind
	ReportID uint8
	Raw      int64
	Physical float64 // in SI units proper, percent or a plain number; the true one where the device's own units are wrong
	Modelled bool    // the model keeps it
}

// Values lists every field that holds something, in the order of the report descriptor.
func (u *UPS) Values() []Value {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.advance()
	bound := map[*hid.Field]*binding{}
	for i := range u.bindings {
		bound[u.bindings[i].field] = &u.bindings[i]
	}
	var all []Value
	for i := range u.parsed.Fields {
		f := &u.parsed.Fields[i]
		w := wide(f)
		raw, ok := w.Raw(u.reports.image(f.Kind, f.ReportID))
		if !ok {
			continue
		}
		v := Value{Path: f.Path, Kind: f.Kind, ReportID: f.ReportID, Raw: raw, Physical: w.Physical(raw)}
		if b := bound[f]; b != nil {
			v.Physical, v.Modelled = b.physical(raw), true
		}
		all = append(all, v)
	}
	return all
}

// Report is what GET_REPORT returns now, with the id byte first where the device numbers its reports; nil where it has no such report.
func (u *UPS) Report(kind hid.Kind, id uint8) []byte {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.advance()
	return bytes.Clone(u.reports.answer(kind, id))
}
