package clock

import (
	"fmt"
	"time"
)

// slewLimit is the largest offset that is slewed away; at the kernel's 0.5 ms/s that takes 1,000 s.
const slewLimit = 500 * time.Millisecond

// act is what is done about an offset.
type act int

const (
	refuse  act = iota // it leads to a time that cannot be true
	confirm            // it must be seen once more first
	slew
	step
)

// steering remembers what the next decision needs.
type steering struct {
	synced  bool          // the clock was right once
	pending time.Duration // a large offset seen in the last round, 0 is none
}

// decide says what to do about an offset at the clock's time now. A clock that was never right is stepped at once; one that
// was right is stepped only when two rounds in a row say so.
func (s steering) decide(offset time.Duration, now time.Time, bounds Bounds) (steering, act, error) {
	if err := bounds.Check(now.Add(offset)); err != nil {
		return steering{synced: s.synced}, refuse, err
	}
	small := offset.Abs() <= slewLimit
	switch {
	case small:
		return steering{synced: true}, slew, nil
	case !s.synced:
		return steering{synced: true}, step, nil
	case s.pending != 0 && (offset-s.pending).Abs() <= slewLimit:
		return steering{synced: true}, step, nil
	}
	return steering{synced: true, pending: offset}, confirm, fmt.Errorf("the clock is off by %v all of a sudden", offset)
}
