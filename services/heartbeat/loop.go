package heartbeat

import "context"

// Loop carries questions to a loop, which answers by receiving from it wherever it waits. A nil one asks nothing.
type Loop chan struct{}

// Ask returns nil when the loop has answered.
func (l Loop) Ask(ctx context.Context) error {
	select {
	case l <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Turn answers a question that waits. It is for a loop that is at work for long between two waits.
func (l Loop) Turn() {
	select {
	case <-l:
	default:
	}
}
