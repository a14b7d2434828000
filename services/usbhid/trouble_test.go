package usbhid

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/upscard/upscard/services/ups"
	"github.com/upscard/upscard/services/usb"
	"github.com/upscard/upscard/services/usb/usbtest"
)

// troubles are ways in which the status cannot be read.
var troubles = map[string]func(dev *usbtest.Device){
	"all stalls":           func(dev *usbtest.Device) { dev.FailAll(usbtest.Stall) },
	"nothing is answered":  func(dev *usbtest.Device) { dev.FailAll(usbtest.Timeout(time.Second)) },
	"all is garbage":       func(dev *usbtest.Device) { dev.FailAll(usbtest.Garbage(0xa5, 0xa5)) },
	"the status stalls":    func(dev *usbtest.Device) { dev.Fail(usbtest.Feature, 1, usbtest.Stall) },
	"the status hangs":     func(dev *usbtest.Device) { dev.Fail(usbtest.Feature, 1, usbtest.Timeout(time.Second)) },
	"the status is absurd": func(dev *usbtest.Device) { dev.Fail(usbtest.Feature, 1, usbtest.Garbage(1, 0xff)) },
	"the status is empty":  func(dev *usbtest.Device) { dev.Fail(usbtest.Feature, 1, usbtest.Short(0)) },
	"the status is cut":    func(dev *usbtest.Device) { dev.Fail(usbtest.Feature, 1, usbtest.Short(1)) },
}

// ran is one Run: how long its data were fresh and how long it lasted.
type ran struct {
	stale, end time.Duration // from its beginning
	err        error
}

// runOnce opens a device and runs it until Run ends by itself, two minutes at most.
func runOnce(t *testing.T, dev *usbtest.Device, opts Options, store *ups.Store) (r ran) {
	t.Helper()
	u, err := Open(t.Context(), dev, opts)
	if err != nil {
		return ran{err: err}
	}
	start := time.Now()
	stop := make(chan struct{})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for last := store.Get(); last.Freshness() != ups.Stale || last.Read().IsZero(); {
			select {
			case <-stop:
				return
			case <-time.After(10 * time.Millisecond):
				last = store.Get()
			}
		}
		r.stale = time.Since(start)
	}()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	err = u.Run(ctx, store)
	end := time.Since(start)
	close(stop)
	<-ended
	r.end, r.err = end, err
	return r
}

// TestTroubleTimes measures the times that the package's documentation states, whatever the owner wants the UPS polled at. The fault begins
// right after a round: that is the longest that data can be old.
func TestTroubleTimes(t *testing.T) {
	for _, interval := range []time.Duration{time.Second, 2 * time.Second, 10 * time.Second} {
		for name, fault := range troubles {
			for _, away := range []bool{false, true} {
				synctest.Test(t, func(t *testing.T) {
					dev := newBench()
					if away {
						dev.SetReport(usbtest.Feature, 1, 1, isDischarging|hasBattery)
					}
					opts, store := Options{PollInterval: interval, Desk: NewDesk(nil)}, ups.NewStore()
					const begin = 25 * time.Second
					time.AfterFunc(begin, func() { fault(dev) })
					r := runOnce(t, dev, opts, store)
					stale, gone := r.stale-begin, r.end-begin
					if most := max(3*interval, 6*time.Second); stale > most {
						t.Errorf("%s, interval %v: stale after %v, more than %v", name, interval, stale, most)
					}
					if gone > interval+6*time.Second || gone < stale || !errors.Is(r.err, ErrUnread) {
						t.Errorf("%s, interval %v: given up after %v, stale after %v: %v", name, interval, gone, stale, r.err)
					}
					// Opened anew it is given less time.
					start := time.Now()
					second := runOnce(t, dev, opts, store)
					if took := time.Since(start); second.err == nil || took > 2500*time.Millisecond {
						t.Errorf("%s, interval %v: given up again after %v: %v", name, interval, took, second.err)
					}
					if w := dev.Writes(); len(w) > 0 {
						t.Errorf("%s: written to the UPS: %+v", name, w)
					}
				})
			}
		}
	}
}

// TestWhollySilentIsStaleSoon holds the promise of three poll intervals for a UPS of which nothing can be read.
func TestWhollySilentIsStaleSoon(t *testing.T) {
	for _, interval := range []time.Duration{time.Second, 2 * time.Second, 10 * time.Second} {
		for _, name := range []string{"all stalls", "nothing is answered", "all is garbage"} {
			for offset := time.Duration(0); offset < interval; offset += interval / 8 {
				synctest.Test(t, func(t *testing.T) {
					dev := newBench()
					begin := 25*time.Second + offset
					time.AfterFunc(begin, func() { troubles[name](dev) })
					if r := runOnce(t, dev, Options{PollInterval: interval}, ups.NewStore()); r.stale-begin > 3*interval+10*time.Millisecond || r.err == nil {
						t.Errorf("%s, interval %v: stale after %v, %v", name, interval, r.stale-begin, r.err)
					}
				})
			}
		}
	}
}

// TestHangsDuringPass has a UPS that hangs when something else than the status is read, long before that is due: the status is asked for next.
func TestHangsDuringPass(t *testing.T) {
	benchWith(t, Options{PollInterval: 10 * time.Second}, func(*testing.T) *usbtest.Device { return newBench() }, func(r *running) {
		r.after(5*time.Second, ups.Fresh, "OL")
		var hung atomic.Bool
		r.dev.Fail(usbtest.Feature, 3, func([]byte) ([]byte, error) {
			hung.Store(true)
			r.dev.FailAll(usbtest.Timeout(time.Second))
			time.Sleep(time.Second)
			return nil, usb.ErrTimeout
		})
		for !hung.Load() {
			time.Sleep(10 * time.Millisecond)
		}
		r.after(3500*time.Millisecond, ups.Stale, "OL") // a second for this report, two for two looks at the status
	})
}

// TestFreshIsLeftAlone has a UPS on battery of which all can be read but what is no status: it is not given up, and never stale.
func TestFreshIsLeftAlone(t *testing.T) {
	for _, fault := range []usbtest.Fault{usbtest.Stall, usbtest.Timeout(time.Second), usbtest.Garbage(0xa5), usbtest.Short(1)} {
		bench(t, func(dev *usbtest.Device) { dev.SetReport(usbtest.Feature, 1, 1, isDischarging|hasBattery) }, func(r *running) {
			r.after(3*time.Second, ups.Fresh, "OB DISCHRG")
			r.dev.Fail(usbtest.Feature, 2, fault)
			r.dev.Fail(usbtest.Feature, 3, fault)
			for range 3600 {
				r.after(time.Second, ups.Fresh, "OB DISCHRG")
			}
			if len(r.opened) != 1 {
				t.Errorf("opened %d times", len(r.opened))
			}
		})
	}
}

// TestNeverProven has a UPS whose status could not be read even once while all else can: that is no reason to open it anew.
func TestNeverProven(t *testing.T) {
	silent := func(dev *usbtest.Device) {
		dev.SetNoInterrupt()
		dev.Fail(usbtest.Feature, 1, usbtest.Stall)
	}
	bench(t, silent, func(r *running) {
		time.Sleep(time.Hour)
		if len(r.opened) != 1 {
			t.Errorf("opened %d times", len(r.opened))
		}
		if n := len(r.dev.Transfers()); n > 4*1800 {
			t.Errorf("%d transfers in an hour", n)
		}
	})
}

// TestProvenIsNotBuried has a status report that stalls after the device was opened anew: it is not taken for one that the UPS has not, for
// then there would be data without a status.
func TestProvenIsNotBuried(t *testing.T) {
	bench(t, nil, func(r *running) {
		r.after(3*time.Second, ups.Fresh, "OL")
		r.dev.Fail(usbtest.Feature, 1, usbtest.Stall)
		r.after(5*time.Second, ups.Stale, "OL")
		for range 600 {
			r.after(100*time.Millisecond, ups.Stale, "OL")
		}
		r.dev.SetReport(usbtest.Feature, 1, 1, isDischarging|hasBattery)
		r.dev.Fail(usbtest.Feature, 1, nil)
		r.after(3*time.Second, ups.Fresh, "OB DISCHRG")
	})
}

// TestCutFromTheStart has a status report that holds none of its flags yet: that is no status, not one without a word.
func TestCutFromTheStart(t *testing.T) {
	bench(t, func(dev *usbtest.Device) { dev.Fail(usbtest.Feature, 1, usbtest.Short(1)) }, func(r *running) {
		for range 30 {
			r.after(100*time.Millisecond, ups.Stale, "")
		}
		r.dev.Fail(usbtest.Feature, 1, nil)
		r.after(3*time.Second, ups.Fresh, "OL")
	})
}

// TestUnpluggedInTrouble tells a device that is gone from one that is given up.
func TestUnpluggedInTrouble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dev := newBench()
		time.AfterFunc(10*time.Second, func() { dev.FailAll(usbtest.Timeout(time.Second)) })
		time.AfterFunc(12*time.Second, dev.Unplug)
		if r := runOnce(t, dev, Options{}, ups.NewStore()); !errors.Is(r.err, usb.ErrGone) || errors.Is(r.err, ErrUnread) {
			t.Errorf("got %v", r.err)
		}
	})
}

// TestRandomStatus has a UPS whose every status report is random, for 25 s: of the words that matter none is told that was not true, but that nothing is
// known; afterwards the truth is, soon.
func TestRandomStatus(t *testing.T) {
	wrong, rounds := 0, 0
	for seed := range uint64(100) {
		synctest.Test(t, func(t *testing.T) {
			dev := newBench()
			opts, store := Options{Desk: NewDesk(nil)}, ups.NewStore()
			ctx, cancel := context.WithCancel(t.Context())
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				for ctx.Err() == nil {
					u, err := Open(ctx, dev, opts)
					if err == nil {
						_ = u.Run(ctx, store) // it is opened again, whatever it says
					}
				}
			}()
			time.Sleep(10 * time.Second)
			noise := rand.New(rand.NewPCG(seed, 1))
			dev.Fail(usbtest.Feature, 1, func([]byte) ([]byte, error) { rounds++; return []byte{1, byte(noise.Uint32())}, nil })
			seen := map[string]bool{}
			for range 2500 {
				time.Sleep(10 * time.Millisecond)
				if snap := store.Get(); snap.Freshness() == ups.Fresh {
					seen[snap.Value("ups.status")] = true
				}
			}
			for status := range seen {
				if words := strings.Fields(status); slices.Contains(words, "OB") || slices.Contains(words, "LB") || slices.Contains(words, "OVER") || slices.Contains(words, "RB") {
					wrong++
				}
			}
			dev.Fail(usbtest.Feature, 1, nil)
			time.Sleep(3 * time.Second)
			if snap := store.Get(); snap.Freshness() != ups.Fresh || snap.Value("ups.status") != "OL" {
				t.Errorf("seed %d: 3 s after it: %v %q", seed, snap.Freshness(), snap.Value("ups.status"))
			}
			cancel()
			<-ended
		})
	}
	t.Logf("wrong in %d of 100 runs, %d reads", wrong, rounds)
	if wrong > 20 { // two random reports may agree
		t.Errorf("wrong in %d of 100 runs", wrong)
	}
}
