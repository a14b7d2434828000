package guests

import (
	"fmt"
	"net/netip"
	"time"
)

// Turns lets a few at a time do what takes much. Others wait.
type Turns struct {
	free    chan struct{}
	waiting *List // those who have one among them
}

// NewTurns returns so many, and has so many from one place wait or have one.
func NewTurns(most, mostOf int) *Turns {
	return &Turns{make(chan struct{}, most), NewList(0, mostOf)}
}

// Take waits for a turn, for so long at most. The place may be none.
func (t *Turns) Take(from netip.Prefix, patience time.Duration) (leave func(), err error) {
	if t.waiting.Enter(from) != Welcome {
		return nil, fmt.Errorf("%d others of that address are not finished", t.waiting.mostOf)
	}
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
	select {
	case t.free <- struct{}{}:
		return func() { <-t.free; t.waiting.Leave(from) }, nil
	case <-timeout.C:
		t.waiting.Leave(from)
		return nil, fmt.Errorf("%d others are not finished", cap(t.free))
	}
}

// Len is how many wait or have a turn.
func (t *Turns) Len() int { return t.waiting.Len() }
