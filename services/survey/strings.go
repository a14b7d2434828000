package survey

import (
	"fmt"
	"maps"
	"slices"

	"github.com/upscard/upscard/services/hid"
)

const chemistry hid.Usage = 0x00850089

// stringUsages are those whose value is the index of a string descriptor (HID PDC 1.0, 4.1, 4.2), and Eaton's iModel and iVersion.
var stringUsages = []hid.Usage{
	0x00840001, 0x008400fd, 0x008400fe, 0x008400ff, 0x00850087, 0x00850088, chemistry, 0x0085008f, 0xffff00f0, 0xffff00f1,
}

// strings reads every string that something names: the device descriptor, a field of a Feature report, the report descriptor itself.
func (t *taker) strings() error {
	named := make(map[uint8]bool)
	if len(t.Device) == deviceLength {
		for _, index := range t.Device[14:17] { // iManufacturer, iProduct, iSerialNumber (USB 2.0, 9.6.1)
			named[index] = true
		}
	}
	for _, index := range stringItems(t.Report) {
		named[index] = true
	}
	for i := range t.Parsed.Fields {
		if index, ok := t.index(&t.Parsed.Fields[i]); ok {
			named[index] = true
		}
	}
	delete(named, 0)
	spared := t.spared()
	for _, index := range slices.Sorted(maps.Keys(named)) {
		if t.ctx.Err() != nil {
			return t.ctx.Err()
		}
		err := errUntouched
		if !spared[index] {
			t.Strings[index], err = t.dev.String(index)
		}
		if err != nil {
			delete(t.Strings, index)
			if err := t.miss(fmt.Sprintf("string %d", index), err); err != nil {
				return err
			}
		}
	}
	return nil
}

// spared are the strings that the device must not be asked for.
func (t *taker) spared() map[uint8]bool {
	spared := make(map[uint8]bool)
	for i := range t.Parsed.Fields {
		f := &t.Parsed.Fields[i]
		if index, ok := t.index(f); ok && f.Usage() == chemistry && untouched(t.ID).chemistry {
			spared[index] = true
		}
	}
	return spared
}

// index is the index of a string descriptor that the field of a Feature report holds.
func (s *Survey) index(f *hid.Field) (uint8, bool) {
	if f.Kind != hid.Feature || f.Index > 0 || !slices.Contains(stringUsages, f.Usage()) {
		return 0, false
	}
	raw, ok := f.Raw(s.Feature[f.ReportID])
	return uint8(raw), ok && raw > 0 && raw < 256
}

// Tags of short items, without their two bits of size (HID 1.11, 6.2.2.8).
const (
	itemString, itemStringMin, itemStringMax = 0x78, 0x88, 0x98
	longItem                                 = 0xfe
)

// stringItems are the strings that a report descriptor names by itself, which says of a vendor's field that it is a text.
func stringItems(report []byte) []uint8 {
	var all []uint8
	var first uint32
	for len(report) > 0 {
		prefix := report[0]
		length := 1 + [4]int{0, 1, 2, 4}[prefix&3]
		if prefix == longItem && len(report) > 1 {
			length = 3 + int(report[1])
		}
		if length > len(report) {
			break
		}
		var value uint32
		for i := length - 1; i > 0 && prefix != longItem; i-- {
			value = value<<8 | uint32(report[i])
		}
		switch tag := prefix &^ 3; {
		case prefix == longItem:
		case tag == itemString && value < 256:
			all = append(all, uint8(value))
		case tag == itemStringMin:
			first = value
		case tag == itemStringMax:
			for i := first; i <= value && i < 256; i++ {
				all = append(all, uint8(i))
			}
		}
		report = report[length:]
	}
	return all
}
