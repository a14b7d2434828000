// Package desks keeps what work takes apart from those who mostly wait: many of them share a few stacks that have grown, and buffers.
package desks

import "sync"

// Pool keeps idle desks for further use. Its zero value has none; New and End must be set.
type Pool[D any] struct {
	New  func() D
	End  func(D) // of one that is kept no more
	Most int     // that are kept while nobody uses them

	mu   sync.Mutex
	idle []D // the last used one is the first to be used again: the processor knows it
}

// Take returns a desk that is to be put back.
func (p *Pool[D]) Take() D {
	p.mu.Lock()
	defer p.mu.Unlock()
	last := len(p.idle) - 1
	if last < 0 {
		return p.New()
	}
	free := p.idle[last]
	p.idle = p.idle[:last]
	return free
}

// Put gives a desk back.
func (p *Pool[D]) Put(used D) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.idle) < p.Most {
		p.idle = append(p.idle, used)
	} else {
		p.End(used)
	}
}

// Close ends the desks that have been put back.
func (p *Pool[D]) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, free := range p.idle {
		p.End(free)
	}
	p.idle = nil
}
