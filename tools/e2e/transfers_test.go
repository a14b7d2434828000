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
	models := []string{"apc-bk650m2-ch", "cyberpower-cp1300epfclcd"}
	files := []string{capture(t, models[0]), capture(t, models[1])}
	// Ten seconds of pollfreq, so that two full updates lie in the window.
	const settings = "pollinterval = 2\npollfreq = 10\n"
	m := boot(t, setup{devices: files, config: "[ups.ups]\nvendorid = \"051d\"\n" + settings + "[ups.ups2]\nvendorid = \"0764\"\n" + settings})
	ours, theirs := m.UPS, make([]*sim.UPS, len(models))
	var guests []*machine
	for i, name := range models { // all start at once
		theirs[i] = sim.New(load(t, name), sim.Options{})
		guests = append(guests, nut.boot(t, theirs[i], settings))
	}
	for i, guest := range guests {
		guest.awaitAnswer("ups", "ups.status", "^OL", patience)
		m.awaitAnswer([]string{"ups", "ups2"}[i], "ups.status", "^OL", patience)
	}
	count := func() (n [2][2]int) {
		for i := range models {
			n[i] = [2]int{ours[i].Transfers(), theirs[i].Transfers()}
		}
		return n
	}
	began := count()
	time.Sleep(window) // what is measured is this span
	ended := count()
	for i, name := range models {
		gotOurs, gotTheirs := ended[i][0]-began[i][0], ended[i][1]-began[i][1]
		perMinute := func(n int) float64 { return float64(n) * float64(time.Minute) / float64(window) }
		t.Logf("%s: control transfers a minute: ours %.0f, NUT's %.0f", name, perMinute(gotOurs), perMinute(gotTheirs))
		if gotOurs > gotTheirs+pass {
			t.Errorf("%s: %d transfers in %v, NUT's driver made %d", name, gotOurs, window, gotTheirs)
		}
	}
}
