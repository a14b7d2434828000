package hid

import "math"

// setLocal applies a local item (HID 1.11, 6.2.2.8). Designators and strings describe no value.
func (p *parser) setLocal(it item) {
	switch it.tag {
	case tagUsage:
		p.addUsages(it, span{p.usage(it), p.usage(it)})
	case tagUsageMin:
		p.local.minimum = it
	case tagUsageMax:
		p.usageMax(it)
	case tagDelimiter:
		p.delimiter(it)
	case tagDesignator, tagDesMin, tagDesMax, tagString, tagStringMin, tagStringMax:
	default:
		p.problem(it, "unknown local item")
	}
}

// usage completes a short usage with the page in force.
func (p *parser) usage(it item) Usage {
	if it.size == 4 {
		return Usage(it.value)
	}
	return Usage(p.global.page)<<16 | Usage(it.value&math.MaxUint16)
}

func (p *parser) usageMax(it item) {
	if p.local.minimum.tag == 0 {
		p.problem(it, "no Usage Minimum before it")
		return
	}
	s := span{p.usage(p.local.minimum), p.usage(it)}
	p.local.minimum = item{}
	if s.last < s.first || s.last.Page() != s.first.Page() {
		p.problem(it, "range 0x%08x to 0x%08x is no range", uint32(s.first), uint32(s.last))
		return
	}
	p.addUsages(it, s)
}

func (p *parser) addUsages(it item, s span) {
	if !p.local.add(s) {
		p.problem(it, "more than %d usages for one main item", maxSpans)
	}
}

func (p *parser) delimiter(it item) {
	open := it.value == 1
	if open == p.local.delimited {
		p.problem(it, "does not pair")
	}
	p.local.delimited, p.local.preferred = open, false
}
