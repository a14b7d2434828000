package usbdriver_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"testing"
	"testing/synctest"
	"time"

	"github.com/upscard/upscard/services/ups"
	"github.com/upscard/upscard/services/usb"
	"github.com/upscard/upscard/services/usb/usbtest"
	"github.com/upscard/upscard/services/usbdriver"
)

const served = time.Minute // long enough to have been served well

// TestQuickLadder breaks a device that was served well for good.
func TestQuickLadder(t *testing.T) {
	for _, test := range []struct {
		name   string
		status string
		fault  usbtest.Fault
		resets int
	}{
		{"refuses all", "OL", usbtest.Stall, 1},
		{"refuses all, on battery", "OB", usbtest.Stall, 1},
		{"answers nothing", "OL", usbtest.Timeout(time.Second), 0},
		{"answers nothing, on battery", "OB DISCHRG", usbtest.Timeout(time.Second), 1},
	} {
		bubble(t, test.name, func(t *testing.T) {
			w := run(t, target)
			d := w.plug(backUPS)
			d.SetReport(usbtest.Feature, 1, []byte(test.status)...)
			w.after(served).want(ups.Fresh)
			d.FailAll(test.fault)
			failed := time.Now()
			err := <-w.ended
			if took := time.Since(failed); took > 5*time.Second || err == nil {
				t.Errorf("ended after %v: %v\n%s", took, err, w.logged())
			}
			w.want(ups.Stale)
			if len(w.opens) != 3 || len(w.resets) != test.resets {
				t.Errorf("opened %d times, reset %d times, want 3, %d", len(w.opens), len(w.resets), test.resets)
			}
			if writes := d.Writes(); len(writes) > 0 {
				t.Errorf("written to the UPS: %+v", writes)
			}
		})
	}
}

// TestHealed stops at the step that helps, and begins with the first one next time.
func TestHealed(t *testing.T) {
	bubble(t, "by opening it anew", func(t *testing.T) {
		w := run(t, target, func(w *world) {
			w.onOpen = func(_ int, d *usbtest.Device) { d.FailAll(nil) }
		})
		d := w.plug(backUPS)
		for i := range 10 {
			w.after(served).want(ups.Fresh)
			d.FailAll(usbtest.Stall)
			w.after(2 * time.Second).want(ups.Fresh)
			if len(w.opens) != i+2 || len(w.resets) > 0 {
				t.Errorf("opened %d times, reset %d times", len(w.opens), len(w.resets))
			}
		}
	})
	bubble(t, "by a reset", func(t *testing.T) {
		w := run(t, target, func(w *world) {
			w.onReset = func(d *usbtest.Device) { d.FailAll(nil) }
		})
		d := w.plug(backUPS)
		for i := range 10 {
			w.after(served).want(ups.Fresh)
			d.FailAll(usbtest.Stall)
			w.after(4 * time.Second).want(ups.Fresh)
			if len(w.resets) != i+1 {
				t.Errorf("reset %d times, want %d", len(w.resets), i+1)
			}
		}
	})
}

// TestSlowLadder has a device that fails from the start of the process, as after the quick ladder.
func TestSlowLadder(t *testing.T) {
	for name, fault := range map[string]usbtest.Fault{"refuses all": usbtest.Stall, "answers nothing": usbtest.Timeout(time.Second)} {
		bubble(t, name, func(t *testing.T) {
			w := run(t, target)
			w.plug(backUPS).FailAll(fault)
			err := <-w.ended
			if took := time.Since(w.start); err == nil || took < time.Minute || took > 65*time.Second {
				t.Errorf("ended after %v: %v", took, err)
			}
			if len(w.resets) != 1 || w.resets[0] < 30*time.Second || w.resets[0] > 35*time.Second {
				t.Errorf("reset after %v", w.resets)
			}
			for i, at := range w.opens[1:] {
				if pause := at - w.opens[i]; pause > 3*time.Second {
					t.Errorf("a pause of %v between two looks", pause)
				}
			}
		})
	}
}

// TestNotToBeHealed has failures that are none of the device's.
func TestNotToBeHealed(t *testing.T) {
	for _, openErr := range []error{fs.ErrPermission, fmt.Errorf("open: %w", usb.ErrInUse), usb.ErrGone} {
		bubble(t, openErr.Error(), func(t *testing.T) {
			w := run(t, target, func(w *world) { w.openErr = openErr }, plugged(backUPS))
			w.after(time.Hour).want(ups.Absent)
			if err := w.end(); err != nil || len(w.resets) > 0 {
				t.Errorf("reset %d times, %v", len(w.resets), err)
			}
		})
	}
}

// TestHangingReset has a reset that takes its time: the loop answers meanwhile, and it can be ended.
func TestHangingReset(t *testing.T) {
	for _, ends := range []bool{false, true} {
		bubble(t, fmt.Sprint("ended meanwhile: ", ends), func(t *testing.T) {
			release := make(chan struct{})
			w := run(t, target, func(w *world) {
				w.onReset = func(d *usbtest.Device) { <-release; d.FailAll(nil) }
			})
			d := w.plug(backUPS)
			w.after(served).want(ups.Fresh)
			d.FailAll(usbtest.Stall)
			time.Sleep(2 * time.Second)
			for range 40 {
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				select {
				case w.asked <- struct{}{}:
				case <-ctx.Done():
					t.Error("the loop does not answer")
				}
				cancel()
				time.Sleep(time.Second)
			}
			w.want(ups.Stale)
			if len(w.resets) != 1 {
				t.Errorf("reset %d times", len(w.resets))
			}
			if ends {
				if err := w.end(); err != nil {
					t.Error(err)
				}
				close(release)
				synctest.Wait()
				return
			}
			close(release)
			w.after(time.Second).want(ups.Fresh)
		})
	}
}

// TestSaysItIsNoUPS has devices that say that they are no UPS: one that was served is not believed, one whose description is garbled not soon.
func TestSaysItIsNoUPS(t *testing.T) {
	bubble(t, "after it was served", func(t *testing.T) {
		w := run(t, target)
		d := w.plug(backUPS)
		w.after(served).want(ups.Fresh)
		d.SetReport(usbtest.Feature, 1)
		w.after(time.Hour).want(ups.Stale)
		if len(w.resets) != 1 {
			t.Errorf("reset %d times", len(w.resets))
		}
		d.SetReport(usbtest.Feature, 1, []byte("OL")...)
		w.after(3 * time.Second).want(ups.Fresh)
	})
	bubble(t, "garbled for a while", func(t *testing.T) {
		w := run(t, target)
		d := w.plug(backUPS)
		d.SetReport(usbtest.Feature, 1, 0)
		w.after(10 * time.Second).want(ups.Absent)
		d.SetReport(usbtest.Feature, 1, []byte("OL")...)
		w.after(3 * time.Second).want(ups.Fresh)
	})
	bubble(t, "garbled for long", func(t *testing.T) {
		w := run(t, target)
		w.plug(backUPS).SetReport(usbtest.Feature, 1, 0)
		if err := <-w.ended; !errors.Is(err, usbdriver.ErrNotUPS) || time.Since(w.start) > 20*time.Second || len(w.resets) > 0 {
			t.Errorf("after %v: %v", time.Since(w.start), err)
		}
	})
	bubble(t, "answers other things", func(t *testing.T) {
		w := run(t, target)
		d := w.plug(backUPS)
		w.after(served).want(ups.Fresh)
		d.FailAll(func([]byte) ([]byte, error) { return nil, usbdriver.ErrAnswers })
		w.after(time.Hour).want(ups.Stale)
		if len(w.resets) != 1 {
			t.Errorf("reset %d times", len(w.resets))
		}
	})
}
