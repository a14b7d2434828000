package supervise

import (
	"slices"
	"time"
)

// The functions here are called with s.mu held.

func (s *Supervisor) find(name string) *service {
	i := slices.IndexFunc(s.services, func(svc *service) bool { return svc.Name == name })
	if i < 0 {
		return nil
	}
	return s.services[i]
}

// free tells whether every program that svc comes after has been ready. One that was removed holds nobody up.
func (s *Supervisor) free(svc *service) bool {
	return !slices.ContainsFunc(svc.After, func(name string) bool {
		before := s.find(name)
		return before != nil && !before.settled()
	})
}

// stopFree asks every program to end that no other one, still running, comes after. None starts again.
func (s *Supervisor) stopFree() {
	for _, svc := range slices.Backward(s.services) {
		needed := slices.ContainsFunc(s.services, func(other *service) bool {
			return !other.gone() && slices.Contains(other.After, svc.Name)
		})
		if !needed || !svc.state.Running() {
			s.terminate(svc)
		}
	}
}

func (s *Supervisor) terminate(svc *service) {
	before := svc.state
	if p := svc.stop(time.Now()); p != nil {
		p.Terminate()
	}
	if svc.state != before {
		s.announce()
	}
}

// forget drops those that were removed and have ended.
func (s *Supervisor) forget() {
	s.services = slices.DeleteFunc(s.services, func(svc *service) bool { return svc.forget && svc.gone() })
}

// announce wakes those that wait on Changed.
func (s *Supervisor) announce() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// touch announces a change and wakes Run.
func (s *Supervisor) touch() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.announce()
	s.poke()
}

func (s *Supervisor) poke() {
	select {
	case s.wake <- struct{}{}:
	default: // Run is to look anyway
	}
}
