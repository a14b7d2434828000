package e2e

import (
	"os"
	"testing"
	"time"

	"github.com/upscard/upscard/tools/virtups/sim"
)

// pass is how many reports a full update reads of these UPSes, at least: the window may hold one more of ours than of NUT's.
const pass = 12

// At rest the driver asks a UPS for no more than NUT's usbhid-ups does at the same settings: a UPS's processor is slow, and what cannot change need not be read.
// REST=60s measures for that long.
func TestTransfersAtRest(t *testing.T) {
	nut := needNUT(t)
	window := 20 * time.Second
	if text := os.Getenv("REST"); text != "" {
		var err error
		if window, err = time.ParseDuration(text); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"apc-bk650m2-ch", "cyberpower-cp1300epfclcd"} {
		t.Run(name, func(t *testing.T) {
			// Ten seconds of pollfreq, so that two full updates lie in the window.
			m := bootReady(t, setup{devices: []string{capture(t, name)}, config: "[ups.ups]\npollinterval = 2\npollfreq = 10\n"})
			theirs := sim.New(load(t, name), sim.Options{})
			nut.boot(t, theirs, "  pollinterval = 2\n  pollfreq = 10\n").awaitAnswer("ups", "ups.status", "^OL", patience)
			m.awaitAnswer("ups", "ups.status", "^OL", patience)
			ours := m.UPS[0]
			beganOurs, beganTheirs := ours.Transfers(), theirs.Transfers()
			time.Sleep(window)
			gotOurs, gotTheirs := ours.Transfers()-beganOurs, theirs.Transfers()-beganTheirs
			perMinute := func(n int) float64 { return float64(n) * float64(time.Minute) / float64(window) }
			t.Logf("control transfers a minute: ours %.0f, NUT's %.0f", perMinute(gotOurs), perMinute(gotTheirs))
			if gotOurs > gotTheirs+pass {
				t.Errorf("%d transfers in %v, NUT's driver made %d", gotOurs, window, gotTheirs)
			}
		})
	}
}
