package supervise

import (
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// Process is a started child.
type Process interface {
	Pid() int
	Ready() <-chan struct{} // closed once the child said that it is ready
	Alive() <-chan struct{} // gets something each time the child said that it is alive
	Wait() Exit             // called once; returns when the child has ended and its output was read
	Terminate()             // asks the child to end
	Kill()                  // ends it with its process group
}

// Starter starts processes. Start must not wait for what the child does.
type Starter interface {
	Start(Program) (Process, error)
}

// Supervisor keeps a changing set of programs running. Its methods may be called at any time, from any goroutine, and do not wait for
// a child.
type Supervisor struct {
	starter Starter
	logger  *slog.Logger
	wake    chan struct{} // capacity 1: something happened
	turns   chan struct{}
	watches sync.WaitGroup

	mu       sync.Mutex
	services []*service // in the order in which they were added
	stopping bool
	changed  chan struct{} // closed and replaced at each change
}

// New returns a Supervisor of no programs.
func New(starter Starter, logger *slog.Logger) *Supervisor {
	return &Supervisor{starter: starter, logger: logger, wake: make(chan struct{}, 1),
		turns: make(chan struct{}), changed: make(chan struct{})}
}

// Add adds a program, which starts as soon as Run runs and the programs that it comes after have been ready.
func (s *Supervisor) Add(p Program) error {
	if err := p.validate(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.find(p.Name) != nil {
		return fmt.Errorf("supervise: program %q: is there already", p.Name)
	}
	for _, name := range p.After {
		if s.find(name) == nil {
			return fmt.Errorf("supervise: program %q: comes after %q, which is not there", p.Name, name)
		}
	}
	s.services = append(s.services, newService(p, time.Now()))
	s.poke()
	return nil
}

// Remove stops a program and forgets it once it has ended.
func (s *Supervisor) Remove(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	svc := s.find(name)
	if svc == nil {
		return
	}
	svc.forget = true
	s.terminate(svc)
	s.forget()
	s.poke()
}

// Status returns where every program stands, in the order in which they were added.
func (s *Supervisor) Status() []Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []Status
	for _, svc := range s.services {
		all = append(all, svc.status())
	}
	return all
}

// Turns returns a channel from which something can be received each time Run's loop turns.
func (s *Supervisor) Turns() <-chan struct{} { return s.turns }

// Changed returns a channel that is closed at the next change of any program's state.
func (s *Supervisor) Changed() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changed
}
