package card

import (
	"github.com/upscard/upscard/tools/virtups/devices"
	"github.com/upscard/upscard/tools/virtups/sim"
)

// Simulate makes a UPS of each named device or description file, of the project's own where there is none.
func Simulate(names []string, opts sim.Options) ([]*sim.UPS, error) {
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
		all = append(all, sim.New(desc, opts))
	}
	return all, nil
}
