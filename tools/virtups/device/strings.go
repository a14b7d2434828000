package device

import "github.com/upscard/upscard/services/hid"

// role says which text a string usage asks for.
type role int

const (
	roleManufacturer role = iota
	roleModel
	roleSerial
	roleChemistry
)

// stringUsages are the usages whose value is the index of a string descriptor, the most telling first.
var stringUsages = []struct {
	usage hid.Usage
	role  role
}{
	{0x8400fd, roleManufacturer}, {0x8400fe, roleModel}, {0x8400ff, roleSerial}, {0x850089, roleChemistry},
	{0x850087, roleManufacturer}, {0x850088, roleModel}, {0x840001, roleModel}, {0x85008f, roleManufacturer},
}

// stringTable places the texts at the indices that the reports hold, and the rest where there is room.
type stringTable struct {
	texts map[uint8]string
	index map[role]uint8 // 0 where the device has no such text
}

func (d *Description) stringTable() stringTable {
	t := stringTable{texts: map[uint8]string{}, index: map[role]uint8{}}
	texts := map[role]string{
		roleManufacturer: d.Manufacturer, roleModel: d.Model, roleSerial: d.Serial, roleChemistry: d.Chemistry,
	}
	for i, s := range d.Strings {
		t.texts[i] = s
	}
	parsed, _ := hid.Parse(d.ReportDescriptor)
	for _, s := range stringUsages {
		for i := range parsed.Fields {
			f := &parsed.Fields[i]
			if f.Usage() != s.usage || f.Kind != hid.Feature {
				continue
			}
			raw, ok := f.Raw(d.Feature[f.ReportID])
			if ok && raw > 0 && raw < 256 && texts[s.role] != "" {
				t.place(uint8(raw), s.role, texts[s.role])
			}
		}
	}
	for r := roleManufacturer; r <= roleSerial; r++ {
		for i := uint8(1); texts[r] != "" && t.index[r] == 0; i++ {
			t.place(i, r, texts[r])
		}
	}
	return t
}

// place puts text at index i unless another one is there.
func (t *stringTable) place(i uint8, r role, text string) {
	if have, taken := t.texts[i]; taken && have != text {
		return
	}
	t.texts[i] = text
	if t.index[r] == 0 {
		t.index[r] = i
	}
}
