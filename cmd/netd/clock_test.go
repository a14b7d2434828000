package main

import "testing"

func TestNudgeDoesNotWait(t *testing.T) {
	online := make(chan struct{}, 1)
	nudge(online)
	nudge(online) // nobody has looked yet
	if len(online) != 1 {
		t.Errorf("%d values, want 1", len(online))
	}
	<-online
	if nudge(online); len(online) != 1 {
		t.Error("not told anew")
	}
}
