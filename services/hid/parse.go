package hid

// Limits of a descriptor. What lies beyond them is reported as a Problem.
const (
	maxDescriptor = 64 << 10
	maxDepth      = 32
	maxStack      = 32
	maxFields     = 4096
	maxReportBits = 64 << 10 * 8
)

type parser struct {
	data     []byte
	pos      int
	d        *Descriptor
	problems []Problem

	global global
	stack  []global
	local  local

	path Path  // the open collections
	open []int // length of path before each open collection
	deep int   // open collections beyond maxDepth
}

// Parse reads a report descriptor. It never fails as a whole: what is usable is kept, what is wrong is listed.
func Parse(b []byte) (*Descriptor, []Problem) {
	p := &parser{data: b, d: &Descriptor{}}
	if len(b) > maxDescriptor {
		p.problem(item{offset: maxDescriptor}, "descriptor has %d bytes, only the first %d are read", len(b), maxDescriptor)
		p.data = b[:maxDescriptor]
	}
	for {
		it, ok := p.next()
		if !ok {
			p.end(it)
			return p.d, p.problems
		}
		p.item(it)
	}
}

// end checks that nothing was left open.
func (p *parser) end(it item) {
	it.tag = tagEndCollection
	if n := len(p.open) + p.deep; n > 0 {
		p.problem(it, "missing for %d collections", n)
	}
	if len(p.d.Fields) == 0 {
		p.problem(it, "the descriptor declares no field")
	}
}

// item applies one item by its type.
func (p *parser) item(it item) {
	switch it.tag & 0x0c {
	case 0x00:
		p.main(it)
	case 0x04:
		p.setGlobal(it)
	case 0x08:
		p.setLocal(it)
	default: // long items: none is defined (HID 1.11, 6.2.2.3)
	}
}

func (p *parser) main(it item) {
	switch it.tag {
	case tagInput:
		p.fields(it, Input)
	case tagOutput:
		p.fields(it, Output)
	case tagFeature:
		p.fields(it, Feature)
	case tagCollection:
		p.collection(it)
	case tagEndCollection:
		p.endCollection(it)
	default:
		p.problem(it, "unknown main item")
	}
	p.local.reset()
}

// collection opens a collection. Types from 0x80 on are a vendor's own; UPSes number equal collections with them,
// which adds a node to the path.
func (p *parser) collection(it item) {
	if len(p.open) >= maxDepth {
		p.problem(it, "nested deeper than %d", maxDepth)
		p.deep++
		return
	}
	p.open = append(p.open, len(p.path))
	p.path = append(p.path, p.local.first())
	if it.value >= 0x80 {
		p.path = append(p.path, indexNode|Usage(it.value&0x7f))
	}
}

func (p *parser) endCollection(it item) {
	switch last := len(p.open) - 1; {
	case p.deep > 0:
		p.deep--
	case last < 0:
		p.problem(it, "no collection is open")
	default:
		p.path = p.path[:p.open[last]]
		p.open = p.open[:last]
	}
}
