package clock

import (
	"context"
	"time"
)

// keeper is a running Run.
type keeper struct {
	Options
	bounds  Bounds
	seen    *seen
	trusted bool // the clock's time is worth keeping: it is NTP's or was stepped here
	steer   steering
	pace    pace
	rests   rests
	asked   time.Time // when the last round began
	status  Status
}

// start makes the clock a possible one.
func (k *keeper) start() {
	var err error
	if k.seen, err = openSeen(k.Dir); err != nil {
		k.Logger.Warn("last seen time", "err", err)
	}
	k.bounds = NewBounds(k.Build, k.seen.last)
	now := k.World.Now()
	by := k.bounds.AtStart(now)
	if by == 0 {
		return
	}
	if err := k.World.Step(by); err != nil {
		k.Logger.Warn("clock cannot be right and cannot be set", "time", stamp(now), "err", err)
		return
	}
	k.trusted = true
	k.Logger.Info("clock set to the last known time", "from", stamp(now), "to", stamp(k.bounds.Floor))
}

// round asks all servers once, then does what their answers call for.
func (k *keeper) round(ctx context.Context) {
	k.asked = time.Now()
	sample, result, err := k.follow(k.ask(ctx))
	if ctx.Err() != nil {
		return
	}
	if err != nil && !alike(err, k.status.Err) {
		k.Logger.Warn("time servers", "err", err)
	}
	if k.status.Err = err; result == fine {
		k.status = Status{Synced: true, At: k.World.Now(), Sample: sample}
		k.trusted = true
		k.keep(false)
	}
	k.pace = k.pace.after(result)
	if k.Report != nil {
		k.Report(k.status)
	}
}

// follow sets the clock by the samples. Trouble is why some server gave none; it matters only if all did.
func (k *keeper) follow(samples []Sample, trouble error) (Sample, outcome, error) {
	if len(samples) == 0 && trouble != nil {
		return Sample{}, failed, trouble
	}
	sample, err := agree(samples)
	if err != nil {
		return Sample{}, failed, err
	}
	var what act
	before := k.steer
	k.steer, what, err = before.decide(sample.Offset, k.World.Now(), k.bounds)
	switch what {
	case refuse:
		return sample, failed, err
	case confirm:
		return sample, unsure, err
	case slew:
		err = k.World.Slew(sample.Offset)
	case step:
		err = k.World.Step(sample.Offset)
	}
	if err != nil {
		k.steer = before
		return sample, failed, err
	}
	if what == step || !before.synced {
		k.Logger.Info("clock set", "server", sample.Server, "by", sample.Offset, "time", stamp(k.World.Now()))
	}
	return sample, fine, nil
}

// sleep waits for the next round. It returns false when ctx ends.
func (k *keeper) sleep(ctx context.Context) bool {
	timer := time.NewTimer(k.World.Jitter(k.pace.wait))
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return false
		case <-timer.C:
			return true
		case <-k.Online: // soon, but a flapping link must not make the servers angry
			if k.pace.last != fine {
				timer.Reset(max(0, time.Until(k.asked.Add(minRetry))))
				k.pace = pace{} // the next failure is the first one in this network
			}
		}
	}
}

// keep stores the time if that is due.
func (k *keeper) keep(stopping bool) {
	now := k.World.Now()
	if !k.trusted || k.bounds.Check(now) != nil {
		return
	}
	if err := k.seen.keep(now, stopping); err != nil {
		k.Logger.Warn("last seen time", "err", err)
	}
}
