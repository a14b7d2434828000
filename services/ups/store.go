package ups

import (
	"context"
	"sync"
)

// Store holds the newest snapshot of one UPS. One goroutine stores, any number read and wait. Waiting is
// level-triggered: a slow reader may miss a value that came and went, never the last one.
type Store struct {
	mu      sync.Mutex
	current *Snapshot
	changed chan struct{} // closed by the next Set
}

// NewStore returns a store that holds an empty, Absent snapshot.
func NewStore() *Store {
	return &Store{
		current: &Snapshot{},
		changed: make(chan struct{}),
	}
}

// Get returns the newest snapshot, never nil.
func (s *Store) Get() *Snapshot {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.current
}

// Set makes snap the newest snapshot and wakes every waiter.
func (s *Store) Set(snap *Snapshot) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.current = snap
	close(s.changed)
	s.changed = make(chan struct{})
}

// Wait returns the newest snapshot as soon as it is another one than last, or the context's error.
func (s *Store) Wait(ctx context.Context, last *Snapshot) (*Snapshot, error) {
	for {
		s.mu.Lock()
		snap, changed := s.current, s.changed
		s.mu.Unlock()
		if snap != last {
			return snap, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}
