package usbredir

import (
	"maps"
	"slices"
	"time"
)

// trail is the time between the end of a device that was pulled out in mid transfer and the guest's hearing of it. To a device that has left every transfer
// fails at once, since nothing acknowledges it (USB 2.0, 8.7.4). QEMU lets such a transfer hang for ever once it was told to detach the device: a kernel that
// tries a few times, as when it enumerates, would wait for five seconds each time. So the transfers fail here until the guest has given up.
type trail struct {
	until time.Time // zero while there is none
	end   time.Time // whatever the guest does
}

const (
	trailQuiet = 100 * time.Millisecond // without a transfer the guest has given up
	trailMost  = time.Second
	emptyPort  = 500 * time.Millisecond // is seen by a kernel that resets the port
)

// trails reports whether the guest is not to hear yet that the device has left.
func (s *session) trails(now time.Time) bool {
	t := &s.trail
	if t.end.IsZero() {
		t.end = now.Add(trailMost)
	}
	if len(s.waiting) > 0 {
		t.until = now.Add(trailQuiet)
	}
	if now.Before(t.until) && now.Before(t.end) {
		return true
	}
	s.trail = trail{}
	return false
}

// reset resets the port. The reset of a port whose device has left ends the trail, and the guest finds nothing there for a while: what is plugged in next it would
// take for the same device, which QEMU then lets talk to nobody.
func (s *session) reset(now time.Time) {
	if s.host.want() == s.shown {
		s.host.device.Reset()
	} else {
		s.trail.end, s.empty = now, now.Add(emptyPort)
	}
}

// fail ends all transfers that wait.
func (s *session) fail() error {
	waiting := s.waiting
	s.waiting = map[uint64]answer{}
	for _, id := range slices.Sorted(maps.Keys(waiting)) {
		if err := waiting[id].send(nil, IOError); err != nil {
			return err
		}
	}
	return nil
}
