package sim

import (
	"fmt"
	"iter"
	"math/rand/v2"
	"time"

	"github.com/upscard/upscard/tools/virtups/device"
)

// Episode is one fault of a soak.
type Episode struct {
	Rule   Rule
	Last   time.Duration // until the device is to be healed
	Replug bool          // the fault is met only by a device that is plugged in anew
	Outage bool          // the mains fail while it lasts
}

// String is enough to do the same by hand.
func (e Episode) String() string {
	text := fmt.Sprintf("fault %v, healed after %v", e.Rule, e.Last)
	if e.Replug {
		text += ", plugged in anew"
	}
	if e.Outage {
		text += ", mains off"
	}
	return text
}

// Lengths of an episode: long enough for a driver that looks every two seconds to meet it, or for a guest to find a device that is plugged in anew.
const (
	shortestEpisode = 500 * time.Millisecond
	shortestReplug  = 1500 * time.Millisecond
	longestEpisode  = 4500 * time.Millisecond
)

// Chaos yields episodes without end, the same for the same seed. All pairs of a fault and a stage come once, in random order, before any comes again. Nobody
// writes in a soak, so no fault of writing is among them. Reports are those whose readings and interrupts fail besides all; as is what a device may come back as.
//
// A fault of the enumeration strikes once to three times: a kernel that was refused more often gives a port up until something is plugged in anew. Random
// bytes come once in a report that is read, since twice the same ones could not be told from the truth.
func Chaos(seed uint64, reports []uint8, as *device.Description) iter.Seq[Episode] {
	return func(yield func(Episode) bool) {
		random := rand.New(rand.NewPCG(seed, seed))
		for {
			deck := pairs()
			random.Shuffle(len(deck), func(i, j int) { deck[i], deck[j] = deck[j], deck[i] })
			for _, p := range deck {
				if !yield(p.episode(random, reports, as)) {
					return
				}
			}
		}
	}
}

// pair is a fault with one stage that it can meet.
type pair struct {
	fault Fault
	stage Stage
}

func pairs() []pair {
	var all []pair
	for _, k := range kinds {
		for _, stage := range []Stage{Enumeration, Descriptor, First, Steady, Interrupt} {
			if k.meets&stage != 0 || stage == Interrupt && k.meets&poll != 0 {
				all = append(all, pair{k.fault, stage})
			}
		}
	}
	return all
}

// episode draws what the pair leaves open.
func (p pair) episode(random *rand.Rand, reports []uint8, as *device.Description) Episode {
	upTo := func(n int) int { return 1 + random.IntN(n) }
	replug := p.stage&(Enumeration|Descriptor|First) != 0
	last := shortestEpisode
	if replug {
		last = shortestReplug
	}
	last += time.Duration(random.Int64N(int64(longestEpisode - last))).Truncate(time.Millisecond)
	r := Rule{Fault: p.fault, Stage: p.stage, For: last, Seed: random.Uint64()}
	if p.stage&(Get|Interrupt) != 0 && len(reports) > 0 && random.IntN(2) == 0 {
		r.Reports = []uint8{reports[random.IntN(len(reports))]}
	}
	switch {
	case p.stage == Enumeration:
		r.Times, r.After, r.For = upTo(3), random.IntN(8), 0
	case p.fault == FaultNoise && p.stage&Get != 0:
		r.Times = 1
	}
	switch p.fault {
	case FaultUnplug, FaultReaddress:
		r.Times = 1
	case FaultReset, FaultSwap:
		r.Times, r.Delay = 1, last/2
	case FaultLate:
		r.Delay = time.Duration(upTo(3000)) * time.Millisecond
	}
	if p.fault == FaultSwap {
		r.As = as
	}
	// An outage gives the interrupt pipe something to tell.
	return Episode{Rule: r, Last: last, Replug: replug, Outage: p.stage == Interrupt || random.IntN(3) == 0}
}
