package clock

import (
	"fmt"
	"strings"
	"time"

	"github.com/upscard/upscard/services/storage"
)

// How seldom the last seen time is written: a running card writes once a day, one that is stopped again soon does not write.
const (
	seenPeriod = 24 * time.Hour
	seenAtStop = 10 * time.Minute
)

// seenDue reports whether the time is written, given the one that was written last.
func seenDue(written, now time.Time, stopping bool) bool {
	passed := now.Sub(written)
	return passed >= seenPeriod || stopping && passed >= seenAtStop
}

// seen is the last time that an earlier run knew, in a durable file.
type seen struct {
	file *storage.File // nil keeps nothing
	last time.Time
}

// openSeen reads the file in dir; "" is none. A seen is returned with any error: what cannot be read is as if never written.
func openSeen(dir string) (*seen, error) {
	if dir == "" {
		return &seen{}, nil
	}
	d, err := storage.Open(dir)
	if err != nil {
		return &seen{}, err
	}
	file, err := d.File("clock", 64, 0o644)
	if err != nil {
		return &seen{}, err
	}
	last, reading, err := storage.Load(file, parseSeen)
	if err == nil {
		err = reading.Reason
	}
	return &seen{file, last}, err
}

func parseSeen(text []byte) (time.Time, error) {
	line, found := strings.CutSuffix(string(text), "\n")
	t, err := time.Parse(time.RFC3339, line)
	if err != nil || !found {
		return time.Time{}, fmt.Errorf("%q: want a time like 2026-01-31T12:00:00Z", text)
	}
	return t, nil
}

// keep writes now if that is due.
func (s *seen) keep(now time.Time, stopping bool) error {
	if s.file == nil || !seenDue(s.last, now, stopping) {
		return nil
	}
	s.last = now // also where it fails: a full disk is not tried at every poll
	return s.file.Save([]byte(stamp(now) + "\n"))
}
