package supervise

import "time"

// late is how late its owner may look at a service and still blame the program for having been silent.
const late = 2 * time.Second

// deadline is when the program was silent for too long; zero: never.
func (s *service) deadline() time.Time {
	if !s.Notify || s.Silence == 0 || !s.killed.IsZero() || s.state != Starting && s.state != Ready {
		return time.Time{}
	}
	if !s.spoke {
		return s.heard.Add(2 * s.Silence)
	}
	return s.heard.Add(s.Silence)
}

// overdue tells whether the program hangs. When its owner was held up beyond the deadline itself, so may what the program said have been: it
// has its time once more.
func (s *service) overdue(now time.Time) bool {
	deadline := s.deadline()
	if deadline.IsZero() || now.Before(deadline) {
		return false
	}
	if now.Sub(deadline) > late {
		s.heard = now
		return false
	}
	return true
}

// saidAlive takes a report.
func (s *service) saidAlive(now time.Time) { s.heard, s.spoke = now, true }

// earlier returns the earlier one of two times, of which zero is never.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
