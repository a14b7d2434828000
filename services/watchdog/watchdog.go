// Package watchdog has the machine reset when its main loop no longer turns.
package watchdog

import (
	"context"
	"errors"
	"time"
)

// Times of a Keeper.
const (
	Timeout  = 15 * time.Second // of the device: the most that a Raspberry Pi's takes
	interval = 4 * time.Second  // between an answer and the next question
	patience = 6 * time.Second  // for an answer: interval and patience leave the rest of Timeout to tell why
)

// ErrStill says that the loop did not turn in time.
var ErrStill = errors.New("the main loop does not turn")

// Keeper feeds a watchdog as long as all is well.
type Keeper struct {
	Feed      func() error    // may fail: the next time may be in time
	Turns     <-chan struct{} // what can be received from it each time the loop turns
	Check     func() error    // nil while all is well; called after each turn, must not wait
	Failed    func(error)     // told of each failure of Feed
	StartTime time.Duration   // how long the machine is fed until the loop turns for the first time
	EndTime   time.Duration   // how long the machine is fed after ctx has ended, unconditionally
}

// Run feeds until all is no longer well, and returns why. When ctx ends so does the loop, and the machine has EndTime to end; the watchdog
// then bites, and Run returns nil.
func (k Keeper) Run(ctx context.Context) error {
	if !k.started(ctx) {
		return ErrStill
	}
	for {
		k.feed()
		if sleep(ctx, interval) {
			break
		}
		select {
		case <-k.Turns:
		case <-ctx.Done():
		case <-time.After(patience):
			return ErrStill
		}
		if err := k.Check(); err != nil {
			return err
		}
	}
	for end := time.Now().Add(k.EndTime); time.Now().Before(end); time.Sleep(interval) {
		k.feed()
	}
	return nil
}

// started feeds until the loop turns for the first time, or ctx ends, and tells whether it was in time.
func (k Keeper) started(ctx context.Context) bool {
	for begin := time.Now(); time.Since(begin) < k.StartTime; {
		k.feed()
		select {
		case <-k.Turns:
			return true
		case <-ctx.Done():
			return true
		case <-time.After(interval):
		}
	}
	return false
}

func (k Keeper) feed() {
	if err := k.Feed(); err != nil {
		k.Failed(err)
	}
}

// sleep tells whether ctx ended.
func sleep(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return true
	case <-time.After(d):
		return false
	}
}
