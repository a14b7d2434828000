package hid

import "fmt"

// Problem is one thing that is wrong in a report descriptor.
type Problem struct {
	Offset int    // of the item's first byte
	Item   string // as HID 1.11 calls it
	Text   string
}

func (p Problem) String() string {
	return fmt.Sprintf("byte %d: %s: %s", p.Offset, p.Item, p.Text)
}

// maxProblems bounds what a hostile descriptor can make us say.
const maxProblems = 64

// problem notes what is wrong with the item.
func (p *parser) problem(it item, format string, args ...any) {
	switch n := len(p.problems); {
	case n < maxProblems-1:
		p.problems = append(p.problems, Problem{it.offset, it.name(), fmt.Sprintf(format, args...)})
	case n == maxProblems-1:
		p.problems = append(p.problems, Problem{it.offset, it.name(), "further problems are not listed"})
	}
}
