package sim_test

import (
	"context"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/upscard/upscard/services/driversock"
	"github.com/upscard/upscard/services/ups"
	"github.com/upscard/upscard/tools/virtups/devices"
	"github.com/upscard/upscard/tools/virtups/sim"
)

// onTopOfTheBus is how long a change may take from the UPS's report to upsd, besides what the bus takes.
const onTopOfTheBus = 5 * time.Millisecond

// From the change that the UPS reports at once, past the read that confirms it, through the driver and its socket into upsd's store. There is no USB in this, and no emulation.
func TestReportToUpsd(t *testing.T) {
	d, err := devices.Open(devices.Default)
	if err != nil {
		t.Fatal(err)
	}
	u, store, stop := driven(t, d, 30*time.Second)
	defer stop()
	path, quiet := filepath.Join(t.TempDir(), "driver"), slog.New(slog.DiscardHandler)
	ln, err := driversock.Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 2)
	go func() { ended <- driversock.Serve(ctx, ln, store, nil, driversock.ServeOptions{Logger: quiet}) }()
	upsd := ups.NewStore()
	go func() { ended <- driversock.Follow(ctx, path, upsd, driversock.FollowOptions{Logger: quiet}) }()
	defer func() {
		cancel()
		for range cap(ended) {
			if err := <-ended; err != nil {
				t.Error(err)
			}
		}
	}()
	await := func(want string) {
		t.Helper()
		bound, cancel := context.WithTimeout(ctx, 30*time.Second)
		defer cancel()
		for last := upsd.Get(); !strings.HasPrefix(last.Value("ups.status"), want); {
			if last, err = upsd.Wait(bound, last); err != nil {
				t.Fatalf("waiting for %s: %v", want, err)
			}
		}
	}
	await("OL")
	var all []time.Duration
	for i := range 41 {
		before := len(u.Reports())
		if _, err := u.Do([]string{"mains off", "mains on"}[i%2]); err != nil {
			t.Fatal(err)
		}
		await([]string{"OB", "OL"}[i%2])
		seen := time.Now()
		reports := u.Reports()[before:]
		first := slices.IndexFunc(reports, func(r sim.Report) bool { return r.Data[0] == 0x20 })
		if first < 0 {
			t.Fatal("the UPS sent no status report")
		}
		all = append(all, seen.Sub(reports[first].Changed))
	}
	slices.Sort(all)
	median := all[len(all)/2]
	t.Logf("from the change to upsd's store: median %v, p90 %v, worst %v", median, all[len(all)*9/10], all[len(all)-1])
	if median > onTopOfTheBus {
		t.Errorf("a change takes %v on top of the bus, want %v at most", median, onTopOfTheBus)
	}
}
