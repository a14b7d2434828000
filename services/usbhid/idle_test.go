package usbhid

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/upscard/upscard/services/ups"
	"github.com/upscard/upscard/services/usb"
	"github.com/upscard/upscard/services/usb/usbtest"
)

// watched measures the longest time for which a device is asked for nothing.
type watched struct {
	*usbtest.Device
	last    time.Time
	longest time.Duration
}

func (w *watched) Control(requestType, request uint8, value, index uint16, data []byte) (int, error) {
	w.longest, w.last = max(w.longest, time.Since(w.last)), time.Now()
	return w.Device.Control(requestType, request, value, index, data)
}

// TestCyberPowerIsNeverIdle asks a UPS that resets itself after 15 s without a question, whatever its owner wants, on mains, on battery and while it
// has trouble.
func TestCyberPowerIsNeverIdle(t *testing.T) {
	for _, interval := range []time.Duration{0, time.Second, 10 * time.Second, time.Hour} {
		for _, freq := range []time.Duration{0, time.Second, time.Hour} {
			for _, tuning := range []Tuning{{}, {InterruptOnly: true}, {PollOnly: true}, {MaxReport: true}} {
				synctest.Test(t, func(t *testing.T) {
					dev := usbtest.New(usb.ID{Vendor: 0x0764, Product: 0x0501, Port: "1-1"}, benchDescriptor)
					dev.SetReport(usbtest.Feature, 1, 1, healthy)
					dev.SetReport(usbtest.Feature, 2, 2, 100, 0x10, 0x0e)
					dev.SetReport(usbtest.Feature, 3, 3, 230, 0)
					w := &watched{Device: dev, last: time.Now()}
					u, err := Open(t.Context(), w, Options{PollInterval: interval, PollFreq: freq, Tuning: tuning})
					if err != nil {
						t.Fatal(err)
					}
					ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
					defer cancel()
					time.AfterFunc(time.Minute, func() { dev.Push(1, healthy) })
					time.AfterFunc(2*time.Minute, func() { dev.Fail(usbtest.Feature, 3, usbtest.Timeout(time.Second)) })
					time.AfterFunc(4*time.Minute, func() {
						dev.SetReport(usbtest.Feature, 1, 1, isDischarging|hasBattery)
						dev.Push(1, isDischarging|hasBattery)
					})
					if err := u.Run(ctx, ups.NewStore()); err != nil {
						t.Fatal(err)
					}
					if w.longest > 10*time.Second {
						t.Errorf("interval %v, frequency %v, %+v: asked for nothing for %v", interval, freq, tuning, w.longest)
					}
				})
			}
		}
	}
}
