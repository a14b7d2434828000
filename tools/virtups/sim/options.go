// Package sim plugs a modelled UPS into a virtual machine.
package sim

import (
	"log/slog"
	"time"
)

// Options are what a UPS takes from its surroundings. The zero value is usable.
type Options struct {
	Speed  float64          // how many seconds of the model pass in a second; 0 means 1
	Now    func() time.Time // nil means time.Now
	Logger *slog.Logger     // nil means silence

	// Still leaves the model out: the device answers what its description holds and zeros for the rest, and sends no reports.
	Still bool

	// Tick is how often the model is looked at, a tenth of a second if 0. Heartbeat is how often every Input report is sent although it did not change,
	// as real devices do, 10 seconds if 0.
	Tick, Heartbeat time.Duration
}

func (o *Options) defaults() {
	if o.Speed == 0 {
		o.Speed = 1
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Tick == 0 {
		o.Tick = 100 * time.Millisecond
	}
	if o.Heartbeat == 0 {
		o.Heartbeat = 10 * time.Second
	}
}
