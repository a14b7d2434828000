package main

import (
	"testing"
	"time"
)

func TestClock(t *testing.T) {
	began := time.Date(2026, 1, 1, 0, 0, 0, 5e8, time.UTC)
	c := newClock(began)
	for _, tt := range []struct {
		shows  time.Duration // since began
		passed time.Duration
		by     time.Duration
		from   time.Duration // since began, if it was set
	}{
		{0, 0, 0, 0},
		{time.Hour, time.Hour, 0, 0},
		{time.Hour + time.Second, time.Hour, 0, 0}, // slewed
		{30 * time.Hour, 2 * time.Hour, 28 * time.Hour, -500 * time.Millisecond},
		{31 * time.Hour, 3 * time.Hour, 0, 0},
		{30 * time.Hour, 4 * time.Hour, -2 * time.Hour, 28*time.Hour - 500*time.Millisecond},
		{31 * time.Hour, 5 * time.Hour, 0, 0},
	} {
		from, by := c.set(began.Add(tt.shows), tt.passed)
		if by != tt.by || by != 0 && !from.Equal(began.Add(tt.from)) {
			t.Errorf("shows %v after %v: set by %v since %v", tt.shows, tt.passed, by, from)
		}
	}
}
