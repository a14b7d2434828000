package desks

import (
	"slices"
	"testing"
)

// TestPool: the last one used is used first, only so many are kept, and each ends once.
func TestPool(t *testing.T) {
	var made int
	var ended []int
	p := Pool[int]{New: func() int { made++; return made }, End: func(d int) { ended = append(ended, d) }, Most: 2}
	a, b, c := p.Take(), p.Take(), p.Take()
	p.Put(b)
	p.Put(a)
	p.Put(c)
	if !slices.Equal(ended, []int{c}) {
		t.Errorf("ended: %v", ended)
	}
	if got := p.Take(); got != a || made != 3 {
		t.Errorf("%d is used, of %d", got, made)
	}
	p.Put(a)
	p.Close()
	if !slices.Equal(ended, []int{c, b, a}) {
		t.Errorf("in the end: %v", ended)
	}
}
