package main

import (
	"testing"
	"time"

	"github.com/upscard/upscard/services/supervise"
)

func TestStuck(t *testing.T) {
	now := time.Unix(1000, 0)
	for _, test := range []struct {
		status supervise.Status
		bad    bool
	}{
		{supervise.Status{Name: "upsd", State: supervise.Ready}, false},
		{supervise.Status{Name: "upsd", State: supervise.Pausing}, false}, // a crash loop is healed by starting again, not by a reset
		{supervise.Status{Name: "upsd", State: supervise.Ready, Killed: now.Add(-time.Second)}, false},
		{supervise.Status{Name: "upsd", State: supervise.Ready, Killed: now.Add(-stuckTime - 1)}, true},
		{supervise.Status{Name: "usbhid-ups.1", State: supervise.Ready, Killed: now.Add(-time.Hour)}, false},
	} {
		if err := stuck([]supervise.Status{test.status}, now); (err != nil) != test.bad {
			t.Errorf("%+v: %v", test.status, err)
		}
	}
}
