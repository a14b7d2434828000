package usbdriver

import (
	"testing"
	"testing/synctest"
	"time"
)

// Being asked whether the loop turns is answered, and changes nothing about how long it waits.
func TestWaitingLoopAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wake, asked := make(chan struct{}), make(chan struct{})
		w := newWaiter(wake, asked)
		w.next = time.Minute
		begin := time.Now()
		ended := make(chan time.Duration)
		wait := func(do func()) {
			go func() {
				do()
				ended <- time.Since(begin)
			}()
		}
		wait(func() { w.pause(t.Context(), begin) })
		for range 3 {
			asked <- struct{}{}
		}
		if got := <-ended; got != time.Minute {
			t.Errorf("a pause of a minute took %v", got)
		}
		wait(func() { w.forEvent(t.Context()) })
		asked <- struct{}{}
		time.Sleep(time.Hour)
		wake <- struct{}{}
		if got := <-ended; got != time.Hour+time.Minute {
			t.Errorf("the event was after an hour, and ended the wait after %v", got-time.Minute)
		}
	})
}

// An attempt that took its time is followed by the next one soon.
func TestPauseCountsFromTheAttempt(t *testing.T) {
	for took, want := range map[time.Duration]time.Duration{0: longestPause, time.Second: longestPause - time.Second, 5 * time.Second: shortestPause} {
		synctest.Test(t, func(t *testing.T) {
			w := newWaiter(nil, nil)
			w.next = longestPause
			began := time.Now()
			time.Sleep(took)
			w.pause(t.Context(), began)
			if got := time.Since(began) - took; got != want {
				t.Errorf("after an attempt of %v it waits %v, want %v", took, got, want)
			}
		})
	}
}
