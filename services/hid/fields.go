package hid

import "slices"

// fields makes the fields that an Input, Output or Feature item declares. Without a usage the item is padding.
func (p *parser) fields(it item, kind Kind) {
	g := &p.global
	offset, ok := p.reserve(it, kind)
	if !ok || len(p.local.spans) == 0 || p.deep > 0 {
		return
	}
	if g.size > 32 {
		p.problem(it, "field of %d bits, more than 32", g.size)
		return
	}
	proto, ok := p.prototype(it, kind)
	if !ok {
		return
	}
	n := uint32(0)
	for _, s := range p.local.spans {
		for u := s.first; n < g.count; u++ {
			if !p.field(it, proto, u, offset, n, 0) {
				return
			}
			n++
			if u == s.last {
				break
			}
		}
	}
	// The last usage stands for all further fields (HID 1.11, 6.2.2.8).
	last := p.local.spans[len(p.local.spans)-1].last
	for i := 1; n < g.count; i++ {
		if !p.field(it, proto, last, offset, n, i) {
			return
		}
		n++
	}
}

// reserve makes room for the item in its report and returns the offset in bits.
func (p *parser) reserve(it item, kind Kind) (offset int, ok bool) {
	g := &p.global
	bits := &p.d.bits[kind][g.reportID]
	total := uint64(g.size) * uint64(g.count)
	switch {
	case total == 0:
		p.problem(it, "Report Size %d, Report Count %d: no bits", g.size, g.count)
		return 0, false
	case total+uint64(*bits) > maxReportBits:
		p.problem(it, "%d bits more make %v report 0x%02x longer than %d bytes", total, kind, g.reportID, maxReportBits/8)
		return 0, false
	}
	offset = int(*bits)
	*bits += uint32(total)
	return offset, true
}

// prototype is what the fields of one main item have in common.
func (p *parser) prototype(it item, kind Kind) (Field, bool) {
	g := &p.global
	if len(p.path) == 0 {
		p.problem(it, "outside of any collection")
		return Field{}, false
	}
	lo, hi, assumed := g.logical()
	switch {
	case !g.declared():
		p.problem(it, "no Logical Minimum and Maximum: taken as any value of %d bits", g.size)
		hi = int64(1)<<g.size - 1
	case hi < lo:
		p.problem(it, "Logical Maximum %d is below Logical Minimum %d: taken as any value of %d bits", hi, lo, g.size)
		lo, hi, assumed = 0, int64(1)<<g.size-1, true
	}
	f := Field{
		Kind: kind, ReportID: g.reportID, Size: int(g.size), Flags: Flags(it.value),
		LogicalMin: lo, LogicalMax: hi, MaxAssumed: assumed,
		PhysicalMin: g.physMin, PhysicalMax: g.physMax, Unit: g.unit, Exponent: g.exponent,
	}
	if f.Flags&Variable == 0 {
		if all := p.local.choices(); len(all) > 1 {
			f.Choices = all
		}
	}
	return f, true
}

// field adds the n-th field of an item; index counts those that repeat its last usage. It reports false when there
// are too many.
func (p *parser) field(it item, f Field, u Usage, offset int, n uint32, index int) bool {
	if len(p.d.Fields) >= maxFields {
		p.problem(it, "more than %d fields", maxFields)
		return false
	}
	if u == 0 { // page 0, usage 0: padding that says so
		return true
	}
	f.Path = append(slices.Clone(p.path), u)
	f.Offset = offset + int(n)*f.Size
	f.Index = index
	p.d.Fields = append(p.d.Fields, f)
	return true
}
