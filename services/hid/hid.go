// Package hid turns HID report descriptors into fields that read or write values in reports.
package hid

// Usage names a control or a collection: the usage page in the upper 16 bits, the usage in the lower (HID 1.11, 5.5).
type Usage uint32

// Usage pages of HID Power Device Class 1.0.
const (
	PagePowerDevice   = 0x84
	PageBatterySystem = 0x85
)

// Page returns the usage page.
func (u Usage) Page() uint16 { return uint16(u >> 16) }

// Kind says how a report travels.
type Kind uint8

// The kinds of reports (HID 1.11, 6.2.2.4). Type is the number that GET_REPORT uses for each.
const (
	Input Kind = iota
	Output
	Feature
	kinds = 3
)

func (k Kind) String() string { return [kinds]string{"Input", "Output", "Feature"}[k] }

// Type is the report type in the high byte of GET_REPORT's wValue (HID 1.11, 7.2.1).
func (k Kind) Type() uint16 { return uint16(k) + 1 }

// Flags are the data bits of a main item (HID 1.11, 6.2.2.5).
type Flags uint16

// The flags of a main item. UPSes set Constant on values that merely cannot be written.
const (
	Constant Flags = 1 << iota
	Variable
	Relative
	Wrap
	Nonlinear
	NoPreferred
	NullState
	Volatile
	BufferedBytes
)

// Field is one value within one report.
type Field struct {
	Path     Path // collections from the outermost, then the field's own usage
	Kind     Kind
	ReportID uint8 // 0 where the device numbers no reports
	Offset   int   // bits from the first bit after the report id
	Size     int   // bits, 1 to 32
	Flags    Flags

	// Index counts the fields of one main item that share the last declared usage: 0 is the first of them.
	Index int

	// Choices are the usages among which an array field selects one, nil for a variable (HID 1.11, 6.2.2.5).
	Choices []Usage

	LogicalMin, LogicalMax   int64
	PhysicalMin, PhysicalMax int64  // both 0 where the physical range is the logical one
	Unit                     uint32 // HID 1.11, 6.2.2.7
	Exponent                 int    // power of ten, as declared

	// MaxAssumed says that LogicalMax was declared as a negative number below LogicalMin, so its bytes were taken as
	// unsigned.
	MaxAssumed bool
}

// Usage returns the field's own usage.
func (f *Field) Usage() Usage { return f.Path[len(f.Path)-1] }

// Descriptor is a parsed report descriptor. Its fields are in the order of the descriptor.
type Descriptor struct {
	Fields []Field
	bits   [kinds][256]uint32 // length of each report without its id
}

// ReportLen is the length in bytes of a report with its id byte, 0 where the descriptor has no such report.
func (d *Descriptor) ReportLen(kind Kind, id uint8) int {
	bits := int(d.bits[kind][id])
	switch {
	case bits == 0:
		return 0
	case id == 0:
		return (bits + 7) / 8
	}
	return (bits+7)/8 + 1
}

// Reports lists the ids of the reports of a kind in order.
func (d *Descriptor) Reports(kind Kind) []uint8 {
	var ids []uint8
	for id, bits := range d.bits[kind] {
		if bits > 0 {
			ids = append(ids, uint8(id))
		}
	}
	return ids
}

// Has reports whether any field lies in a top-level collection of the usage page.
func (d *Descriptor) Has(page uint16) bool {
	for i := range d.Fields {
		if d.Fields[i].Path[0].Page() == page {
			return true
		}
	}
	return false
}

// Find returns the first field of the kind at the path, or nil.
func (d *Descriptor) Find(kind Kind, path Path) *Field {
	for i := range d.Fields {
		if f := &d.Fields[i]; f.Kind == kind && f.Index == 0 && f.Path.Equal(path) {
			return f
		}
	}
	return nil
}
