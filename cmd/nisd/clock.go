package main

import "time"

// leastStep is by how much a clock is set at least; less is slewed, or rounding.
const leastStep = 2 * time.Second

// clock notices that the system's clock is set, as most boards' is some seconds after the start.
type clock struct{ began time.Time } // since when times are noted, as the system's clock counts now

func newClock(now time.Time) *clock { return &clock{now.Round(0)} } // without its monotonic reading

// set takes what the clock shows, and how much time has passed since it began. It returns by how much the clock was set since it was looked at
// last, 0 if it was not, and since when times were noted that are wrong by that. These are in whole seconds.
func (c *clock) set(now time.Time, passed time.Duration) (from time.Time, by time.Duration) {
	by = now.Round(0).Sub(c.began) - passed
	if by.Abs() < leastStep {
		return time.Time{}, 0
	}
	from = c.began.Truncate(time.Second)
	c.began = c.began.Add(by)
	return from, by
}
