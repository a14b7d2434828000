package clock

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// minError is the smallest error that is believed of a sample: the two ways through a network are never equally long.
const minError = 10 * time.Millisecond

// maxError is the largest error of a sample that is of use (RFC 5905, MAXDIST).
const maxError = 1500 * time.Millisecond

// Sample is what one server says.
type Sample struct {
	Server string
	Offset time.Duration // what must be added to the clock
	Error  time.Duration // how far Offset may be off at most, as the server tells (RFC 5905, root distance)
}

func (s Sample) low() time.Duration  { return s.Offset - max(s.Error, minError) }
func (s Sample) high() time.Duration { return s.Offset + max(s.Error, minError) }

// agree returns the best of the samples on which more than half of the servers agree: of those whose intervals share a
// point, the one with the smallest error.
func agree(samples []Sample) (Sample, error) {
	samples = slices.DeleteFunc(slices.Clone(samples), func(s Sample) bool { return s.Error > maxError })
	if len(samples) == 0 {
		return Sample{}, errors.New("no server knows the time well enough")
	}
	var best []Sample
	for _, s := range samples { // if intervals share a point, they share the largest of their lower ends
		if with := around(samples, s.low()); len(with) > len(best) {
			best = with
		}
	}
	if 2*len(best) <= len(samples) {
		return Sample{}, fmt.Errorf("of %d servers at most %d agree: %v", len(samples), len(best), samples)
	}
	chosen := best[0]
	for _, s := range best {
		if s.Error < chosen.Error {
			chosen = s
		}
	}
	return chosen, nil
}

// around returns the samples whose interval holds the point.
func around(samples []Sample, point time.Duration) []Sample {
	var found []Sample
	for _, s := range samples {
		if s.low() <= point && point <= s.high() {
			found = append(found, s)
		}
	}
	return found
}

func (s Sample) String() string {
	return fmt.Sprintf("%s %+v ±%v", s.Server, s.Offset.Round(time.Millisecond), s.Error.Round(time.Millisecond))
}
