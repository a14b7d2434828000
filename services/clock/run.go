package clock

import (
	"context"
	"log/slog"
	"time"
)

// Options say how a clock is kept.
type Options struct {
	Servers func() []string // HOST or HOST:PORT; asked for before each round, at most 8 are used
	Online  <-chan struct{} // a value says that the network has come; may be nil
	Dir     string          // the process's durable directory, for the last seen time; "" keeps none
	Build   time.Time
	Report  func(Status) // told after each round; may be nil
	Logger  *slog.Logger
	World   World
}

// Status is what is known of the clock.
type Status struct {
	Synced bool      // NTP has set it since Run began
	At     time.Time // of the last round that did, zero is never
	Sample Sample    // what it went by
	Err    error     // why the last round did not
}

// Run keeps the clock until ctx ends, then returns nil. It steps a clock that cannot be right to the last seen time or the
// build date, then follows the servers.
func Run(ctx context.Context, o Options) error {
	k := &keeper{Options: o, rests: rests{}}
	k.start()
	if o.Online != nil {
		k.pace.wait = minRetry // the first round waits for the network, but not for ever
	}
	for k.sleep(ctx) {
		k.round(ctx)
	}
	k.keep(true)
	return nil
}
