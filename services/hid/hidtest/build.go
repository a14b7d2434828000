package hidtest

import (
	"encoding/binary"

	"github.com/upscard/upscard/services/hid"
)

// Built is a field of a descriptor that Build makes, or padding where its path is empty.
type Built struct {
	Path     hid.Path // below the UPS collection
	Kind     hid.Kind
	ReportID uint8
	Size     int // bits; 0 is 32
	Min, Max int64
	Unit     uint32
	Exponent int
	Flags    hid.Flags // beside Variable
}

// Kinds of items that Build uses (HID 1.11, 6.2.2).
const (
	usage, collection, endCollection                 = 0x08, 0xa0, 0xc0
	logicalMin, logicalMax, unit, exponent           = 0x14, 0x24, 0x64, 0x54
	reportSize, reportID, reportCount                = 0x74, 0x84, 0x94
	application, logical, indexed                    = 1, 2, 0x80
	upsCollection                          hid.Usage = hid.PagePowerDevice<<16 | 0x04
)

var mainItems = map[hid.Kind]byte{hid.Input: 0x80, hid.Output: 0x90, hid.Feature: 0xb0}

// Build writes the report descriptor of a UPS that has the fields, in order. Fields of one report follow each other in it.
func Build(fields ...Built) []byte {
	b := nest(nil, upsCollection, application)
	for _, f := range fields {
		b = f.append(b)
	}
	return append(b, endCollection)
}

func (f Built) append(b []byte) []byte {
	if len(f.Path) == 0 {
		return f.pad(b)
	}
	last := len(f.Path) - 1
	open := 0
	for i := 0; i < last; i, open = i+1, open+1 {
		kind := uint32(logical)
		u := f.Path[i]
		if n, ok := f.Path[i+1].Number(); ok { // a collection and its number are one item
			kind, i = indexed|uint32(n), i+1
		}
		b = nest(b, u, kind)
	}
	size := f.Size
	if size == 0 {
		size = 32
	}
	b = long(b, reportID, uint32(f.ReportID))
	b = long(b, reportSize, uint32(size))
	b = long(b, reportCount, 1)
	b = long(b, logicalMin, uint32(int32(f.Min)))
	b = long(b, logicalMax, uint32(int32(f.Max)))
	b = long(b, unit, f.Unit)
	b = long(b, exponent, uint32(int32(f.Exponent))&0x0f)
	b = long(b, usage, uint32(f.Path[last]))
	b = long(b, mainItems[f.Kind], uint32(hid.Variable|f.Flags))
	for range open {
		b = append(b, endCollection)
	}
	return b
}

// pad appends an item without a usage.
func (f Built) pad(b []byte) []byte {
	b = long(b, reportID, uint32(f.ReportID))
	b = long(b, reportSize, 1)
	b = long(b, reportCount, uint32(f.Size))
	return long(b, mainItems[f.Kind], uint32(hid.Constant|hid.Variable))
}

func nest(b []byte, u hid.Usage, kind uint32) []byte {
	return long(long(b, usage, uint32(u)), collection, kind)
}

// long appends an item with four bytes of data.
func long(b []byte, tag byte, v uint32) []byte {
	return binary.LittleEndian.AppendUint32(append(b, tag|3), v)
}
