package main

import (
	"testing"
	"time"
)

func TestRest(t *testing.T) {
	start := time.Unix(1000, 0)
	for name, test := range map[string]struct {
		stirs    []time.Duration // since the start
		settling bool
		at       time.Duration
		want     bool
	}{
		"nothing was looked at yet": {nil, false, time.Hour, false},
		"it may yet come":           {[]time.Duration{0}, false, restTime - 1, false},
		"quiet":                     {[]time.Duration{0}, false, restTime, true},
		"stirred again":             {[]time.Duration{0, restTime / 2}, false, restTime, false},
		"quiet again":               {[]time.Duration{0, restTime / 2}, false, restTime * 3 / 2, true},
		"the kernel is busy":        {[]time.Duration{0}, true, longestRest - 1, false},
		"the kernel is always busy": {[]time.Duration{0}, true, longestRest, true},
		"never quiet":               {[]time.Duration{0, longestRest - 1}, false, longestRest, true},
	} {
		t.Run(name, func(t *testing.T) {
			var r rest
			for _, d := range test.stirs {
				r.stir(start.Add(d))
			}
			now := start.Add(test.at)
			if got := r.reached(now, test.settling); got != test.want {
				t.Errorf("at rest: %v, want %v", got, test.want)
			}
			if due := r.deadline(now); due.IsZero() != (test.want || test.stirs == nil) || !due.IsZero() && !due.After(now) {
				t.Errorf("next look at %v, now is %v", due, now)
			}
			if r.stir(now); test.want && !r.reached(now, true) {
				t.Error("a bus that was at rest is no longer")
			}
		})
	}
}
