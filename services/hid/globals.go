package hid

import "math"

// setGlobal applies a global item (HID 1.11, 6.2.2.7).
func (p *parser) setGlobal(it item) {
	g := &p.global
	switch it.tag {
	case tagUsagePage:
		if it.value > math.MaxUint16 {
			p.problem(it, "page 0x%x has more than 16 bits", it.value)
			return
		}
		g.page = uint16(it.value)
	case tagLogicalMin:
		g.logMin = it
	case tagLogicalMax:
		g.logMax = it
	case tagPhysicalMin:
		g.physMin = it.signed()
	case tagPhysicalMax:
		g.physMax = it.signed()
	case tagExponent:
		g.exponent = exponent(it)
	case tagUnit:
		g.unit = it.value
	case tagReportSize:
		g.size = it.value
	case tagReportCount:
		g.count = it.value
	case tagReportID:
		p.reportID(it)
	case tagPush:
		if len(p.stack) >= maxStack {
			p.problem(it, "more than %d states saved", maxStack)
			return
		}
		p.stack = append(p.stack, *g)
	case tagPop:
		last := len(p.stack) - 1
		if last < 0 {
			p.problem(it, "no Push before it")
			return
		}
		*g, p.stack = p.stack[last], p.stack[:last]
	default:
		p.problem(it, "unknown global item")
	}
}

func (p *parser) reportID(it item) {
	switch {
	case it.value == 0:
		p.problem(it, "id 0 is reserved")
	case it.value > math.MaxUint8:
		p.problem(it, "id %d has more than 8 bits", it.value)
		return
	case p.global.reportID == 0 && len(p.d.Fields) > 0:
		p.problem(it, "id %d follows fields without an id", it.value)
	}
	p.global.reportID = uint8(it.value)
}

// exponent decodes a Unit Exponent: a 4-bit two's complement number by the specification, a whole signed byte on some
// devices.
func exponent(it item) int {
	if it.value <= 0x0f {
		return int(int8(it.value<<4) >> 4)
	}
	return int(int8(it.value))
}
