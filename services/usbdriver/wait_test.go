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
		wait(func() { w.pause(t.Context()) })
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
