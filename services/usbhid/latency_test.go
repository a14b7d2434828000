package usbhid

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/upscard/upscard/services/ups"
	"github.com/upscard/upscard/services/usb/usbtest"
)

// TestInterruptLatency measures, by the real clock, what the driver adds to the bus between an interrupt that tells of an outage and the
// snapshot that says so, the confirming read of a device that answers at once included.
func TestInterruptLatency(t *testing.T) {
	dev, store := newBench(), ups.NewStore()
	dev.SetLatency(0)
	u, err := Open(t.Context(), dev, Options{PollInterval: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- u.Run(ctx, store) }()
	var took []time.Duration
	last := await(t, store, nil, "OL")
	for i := range 200 {
		bits, status := byte(isDischarging|hasBattery), "OB DISCHRG"
		if i%2 > 0 {
			bits, status = healthy, "OL"
		}
		time.Sleep(2 * time.Millisecond) // let what the change has read again be done
		dev.SetReport(usbtest.Feature, 1, 1, bits)
		start := time.Now()
		dev.Push(1, bits)
		last = await(t, store, last, status)
		took = append(took, time.Since(start))
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	slices.Sort(took)
	median := took[len(took)/2]
	t.Logf("median %v, 99th of 100 %v", median, took[len(took)*99/100])
	if median > 5*time.Millisecond {
		t.Errorf("the median is %v, more than 5 ms", median)
	}
}

// await follows the store until it says the status.
func await(t *testing.T, store *ups.Store, last *ups.Snapshot, status string) *ups.Snapshot {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for last == nil || last.Freshness() != ups.Fresh || last.Value("ups.status") != status {
		next, err := store.Wait(ctx, last)
		if err != nil {
			t.Fatalf("still %q", last.Value("ups.status"))
		}
		last = next
	}
	return last
}
