package card

import (
	"github.com/upscard/upscard/tools/virtups/devices"
	"github.com/upscard/upscard/tools/virtups/sim"
)

// Simulate makes a UPS of each named device or description file, of the project's own where there is none. Their time runs speed times as
// fast as real time.
func Simulate(names []string, speed float64) ([]*sim.UPS, error) {
	if len(names) == 0 {
		names = []string{""}
	}
	var all []*sim.UPS
	for _, name := range names {
		if name == "" {
			name = devices.Default
		}
		desc, err := devices.Open(name)
		if err != nil {
			return nil, err
		}
		all = append(all, sim.New(desc, sim.Options{Speed: speed}))
	}
	return all, nil
}
