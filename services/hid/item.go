package hid

import "fmt"

// item is one short item of a report descriptor (HID 1.11, 6.2.2.2).
type item struct {
	offset int  // of its first byte in the descriptor
	tag    byte // bTag, bType; the size bits are 0
	size   int  // bytes of data: 0, 1, 2 or 4
	value  uint32
}

// Tags of items (HID 1.11, 6.2.2.4, 6.2.2.7, 6.2.2.8).
const (
	tagInput, tagOutput, tagFeature            = 0x80, 0x90, 0xb0
	tagCollection, tagEndCollection            = 0xa0, 0xc0
	tagUsagePage                               = 0x04
	tagLogicalMin, tagLogicalMax               = 0x14, 0x24
	tagPhysicalMin, tagPhysicalMax             = 0x34, 0x44
	tagExponent, tagUnit                       = 0x54, 0x64
	tagReportSize, tagReportID                 = 0x74, 0x84
	tagReportCount                             = 0x94
	tagPush, tagPop                            = 0xa4, 0xb4
	tagUsage, tagUsageMin, tagUsageMax         = 0x08, 0x18, 0x28
	tagDesignator, tagDesMin, tagDesMax        = 0x38, 0x48, 0x58
	tagString, tagStringMin, tagStringMax      = 0x78, 0x88, 0x98
	tagDelimiter                               = 0xa8
	longItem                              byte = 0xfe
)

var itemNames = map[byte]string{
	tagInput: "Input", tagOutput: "Output", tagFeature: "Feature",
	tagCollection: "Collection", tagEndCollection: "End Collection",
	tagUsagePage: "Usage Page", tagLogicalMin: "Logical Minimum", tagLogicalMax: "Logical Maximum",
	tagPhysicalMin: "Physical Minimum", tagPhysicalMax: "Physical Maximum",
	tagExponent: "Unit Exponent", tagUnit: "Unit",
	tagReportSize: "Report Size", tagReportID: "Report ID", tagReportCount: "Report Count",
	tagPush: "Push", tagPop: "Pop",
	tagUsage: "Usage", tagUsageMin: "Usage Minimum", tagUsageMax: "Usage Maximum",
	tagDesignator: "Designator Index", tagDesMin: "Designator Minimum", tagDesMax: "Designator Maximum",
	tagString: "String Index", tagStringMin: "String Minimum", tagStringMax: "String Maximum",
	tagDelimiter: "Delimiter", longItem &^ 3: "Long Item",
}

func (it item) name() string {
	if name, ok := itemNames[it.tag]; ok {
		return name
	}
	return fmt.Sprintf("item 0x%02x", it.tag)
}

// signed is the value as a two's complement number of the item's own size.
func (it item) signed() int64 {
	switch it.size {
	case 1:
		return int64(int8(it.value))
	case 2:
		return int64(int16(it.value))
	}
	return int64(int32(it.value))
}

// next reads the item at the parser's position. It reports false at the end or where the data ends within the item.
func (p *parser) next() (item, bool) {
	if p.pos >= len(p.data) {
		return item{offset: p.pos}, false
	}
	prefix := p.data[p.pos]
	it := item{offset: p.pos, tag: prefix &^ 3, size: [4]int{0, 1, 2, 4}[prefix&3]}
	need := 1 + it.size
	if prefix == longItem {
		need = 3
		if p.pos+1 < len(p.data) {
			need += int(p.data[p.pos+1])
		}
		it.size = 0
	}
	if have := len(p.data) - p.pos; have < need {
		p.problem(it, "truncated: %d of %d bytes", have, need)
		p.pos = len(p.data)
		return it, false
	}
	for i := range it.size {
		it.value |= uint32(p.data[p.pos+1+i]) << (8 * i)
	}
	p.pos += need
	return it, true
}
