package sim

import (
	"bytes"
	"slices"

	"github.com/upscard/upscard/services/hid"
	"github.com/upscard/upscard/tools/virtups/device"
	"github.com/upscard/upscard/tools/virtups/model"
)

// reports are the device's reports as GET_REPORT returns them.
type reports struct {
	images map[hid.Kind]map[uint8][]byte
	given  map[hid.Kind]map[uint8][]byte // those of the description
	frozen map[uint8]map[hid.Kind][]byte // the model's own of those that a person set
}

// newReports takes the reports of the description. One that it lacks holds zeros; a value in it that has a twin of the other kind is the
// twin's, unless only what is there is wanted.
func newReports(desc *device.Description, parsed *hid.Descriptor, only bool) *reports {
	r := &reports{
		images: map[hid.Kind]map[uint8][]byte{}, frozen: map[uint8]map[hid.Kind][]byte{},
		given: map[hid.Kind]map[uint8][]byte{hid.Feature: desc.Feature, hid.Input: desc.Input},
	}
	for kind, from := range r.given {
		r.images[kind] = map[uint8][]byte{}
		for _, id := range parsed.Reports(kind) {
			image := bytes.Clone(from[id])
			if len(image) == 0 {
				image = make([]byte, parsed.ReportLen(kind, id))
				if id != 0 {
					image[0] = id
				}
			}
			r.images[kind][id] = image
		}
	}
	for i := range parsed.Fields {
		if only {
			break
		}
		f := &parsed.Fields[i]
		other := hid.Feature + hid.Input - f.Kind
		if f.Kind == hid.Output || r.known(f.Kind, f.ReportID) {
			continue
		}
		twin := parsed.Find(other, f.Path)
		if twin == nil || f.Index != 0 {
			continue
		}
		w := wide(twin)
		if raw, ok := w.Raw(r.images[other][twin.ReportID]); ok {
			r.put(f, raw)
		}
	}
	return r
}

// refresh writes the model's values into every report that is not frozen.
func (r *reports) refresh(unit *model.Unit, bindings []binding) {
	for i := range bindings {
		b := &bindings[i]
		if r.frozen[b.field.ReportID] == nil {
			r.put(b.field, b.raw(unit))
		}
	}
}

// freeze puts a person's bytes in the place of a report, of both kinds where there are two; the model leaves them alone.
func (r *reports) freeze(id uint8, data []byte) {
	r.thaw(id)
	own := map[hid.Kind][]byte{}
	for kind, images := range r.images {
		if image, ok := images[id]; ok {
			own[kind], images[id] = image, bytes.Clone(data)
		}
	}
	r.frozen[id] = own
}

// thaw gives a report back to the model.
func (r *reports) thaw(id uint8) {
	for kind, image := range r.frozen[id] {
		r.images[kind][id] = image
	}
	delete(r.frozen, id)
}

// put writes a raw value whatever the field's logical range, cut to its bits. A report too short for the field is left as it is.
func (r *reports) put(f *hid.Field, raw int64) {
	w := *f
	w.LogicalMin, w.LogicalMax = 0, 1<<f.Size-1
	w.Put(r.images[f.Kind][f.ReportID], raw&(1<<f.Size-1))
}

// known reports whether the description holds the report.
func (r *reports) known(kind hid.Kind, id uint8) bool { return len(r.given[kind][id]) != 0 }

// image is the report itself, nil where the device has none.
func (r *reports) image(kind hid.Kind, id uint8) []byte { return r.images[kind][id] }

// answer is what GET_REPORT returns. As firmware does, a report that exists only in the other direction is returned all the same.
func (r *reports) answer(kind hid.Kind, id uint8) []byte {
	if image, ok := r.images[kind][id]; ok {
		return image
	}
	return r.images[hid.Feature+hid.Input-kind][id]
}

// ids lists the reports of a kind in order.
func (r *reports) ids(kind hid.Kind) []uint8 {
	var ids []uint8
	for id := range r.images[kind] {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// wide is the field with a logical range that takes all its bits, so that a device that leaves its declared range is read and written as
// it is. A field whose physical range hangs on the logical one keeps it.
func wide(f *hid.Field) hid.Field {
	w := *f
	if w.PhysicalMin >= w.PhysicalMax {
		if w.LogicalMin < 0 {
			w.LogicalMin, w.LogicalMax = -1<<(w.Size-1), 1<<(w.Size-1)-1
		} else {
			w.LogicalMin, w.LogicalMax = 0, 1<<w.Size-1
		}
	}
	return w
}
