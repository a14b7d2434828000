// Package clock gives a board without a battery the time of day.
package clock

import (
	"fmt"
	"strconv"
	"time"
)

// buildDate is the time of the commit that was built, in Unix seconds. The linker sets it:
// -X github.com/upscard/upscard/services/clock.buildDate=$SOURCE_DATE_EPOCH
var buildDate string

// oldest stands for the build date where the linker was not told one.
var oldest = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// lifetime is how long after its build a program may believe to be running.
const lifetime = 20 * 365 * 24 * time.Hour

// Build is the date of the program's sources.
func Build() time.Time {
	seconds, err := strconv.ParseInt(buildDate, 10, 64)
	if err != nil || seconds < oldest.Unix() {
		return oldest
	}
	return time.Unix(seconds, 0).UTC()
}

// Bounds are the earliest and the latest time that can be true.
type Bounds struct{ Floor, Ceiling time.Time }

// NewBounds derives the bounds from the build date, then the last time seen by an earlier run; zero is none. A time
// seen after the ceiling is not believed.
func NewBounds(build, seen time.Time) Bounds {
	b := Bounds{build, build.Add(lifetime)}
	if seen.After(b.Floor) && seen.Before(b.Ceiling) {
		b.Floor = seen
	}
	return b
}

// Check says why t cannot be true.
func (b Bounds) Check(t time.Time) error {
	switch {
	case t.Before(b.Floor):
		return fmt.Errorf("%s is before %s, which has passed", stamp(t), stamp(b.Floor))
	case t.After(b.Ceiling):
		return fmt.Errorf("%s is after %s, too late for this program", stamp(t), stamp(b.Ceiling))
	}
	return nil
}

// AtStart returns by how much the clock must be stepped before anything is known but its own time: 0 where that can be
// true, else as far as to the floor.
func (b Bounds) AtStart(now time.Time) time.Duration {
	if b.Check(now) == nil {
		return 0
	}
	return b.Floor.Sub(now)
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
