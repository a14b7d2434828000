package usbdriver_test

import (
	"errors"
	"io/fs"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/upscard/upscard/services/ups"
	"github.com/upscard/upscard/services/usb"
	"github.com/upscard/upscard/services/usb/usbtest"
	"github.com/upscard/upscard/services/usbdriver"
)

var (
	backUPS = usb.ID{Vendor: 0x051d, Product: 2, Serial: "A", Port: "1-1", Bus: 1, Address: 2}
	seat    = usb.Seat{Vendor: 0x051d, Product: 2, Serial: "A", Port: "1-1"}
	target  = usbdriver.Target{Port: "1-1", Matches: seat.Matches}
)

func plugged(id usb.ID) func(*world) { return func(w *world) { w.plug(id) } }

func bubble(t *testing.T, name string, f func(t *testing.T)) {
	t.Run(name, func(t *testing.T) { synctest.Test(t, f) })
}

func TestLifeCycle(t *testing.T) {
	bubble(t, "attached at start", func(t *testing.T) {
		w := run(t, target, plugged(backUPS))
		w.want(ups.Fresh)
		if err := w.end(); err != nil {
			t.Error(err)
		}
		w.want(ups.Stale)
		if !w.devices["1-1"].Closed() {
			t.Error("the device was left open")
		}
	})
	bubble(t, "attached later", func(t *testing.T) {
		w := run(t, target)
		w.after(time.Hour).want(ups.Absent)
		if w.scans != 1 {
			t.Errorf("looked %d times without an event", w.scans)
		}
		w.plug(backUPS)
		w.after(0).want(ups.Fresh)
	})
	bubble(t, "unplugged and plugged in", func(t *testing.T) {
		w := run(t, target, plugged(backUPS))
		for address := 3; address < 6; address++ {
			w.after(time.Minute).unplug("1-1")
			w.after(time.Second).want(ups.Stale)
			if got := strings.Count(w.logged(), `msg="data are stale" age=`); got != address-2 {
				t.Errorf("staleness was said %d times, want %d\n%s", got, address-2, w.logged())
			}
			w.after(time.Minute).want(ups.Stale)
			again := backUPS
			again.Address = address
			w.plug(again)
			w.after(0).want(ups.Fresh)
		}
		if len(w.opens) != 4 {
			t.Errorf("opened at %v", w.opens)
		}
	})
	bubble(t, "events do not disturb", func(t *testing.T) {
		w := run(t, target, plugged(backUPS))
		for range 50 {
			w.event("bind", "1-1/1-1:1.0", "usb_interface")
			w.event("add", "1-2", "usb_device")
			w.after(time.Second).want(ups.Fresh)
		}
		if len(w.opens) != 1 {
			t.Errorf("opened at %v", w.opens)
		}
	})
}

func TestOtherModel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := run(t, target, plugged(backUPS))
		w.unplug("1-1")
		other := backUPS
		other.Serial = "B"
		w.after(time.Second)
		w.plug(other)
		w.after(time.Minute).want(ups.Stale)
		if !strings.Contains(w.logged(), "not taken") || len(w.opens) != 1 {
			t.Errorf("opened at %v\n%s", w.opens, w.logged())
		}
		w.unplug("1-1")
		w.plug(backUPS)
		w.after(0).want(ups.Fresh)
	})
}

// An ordinary host knows no port: the device may come back at any, but not another one in its place.
func TestAnyPort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := run(t, usbdriver.Target{}, plugged(backUPS))
		w.want(ups.Fresh)
		w.unplug("1-1")
		w.after(time.Second)
		w.plug(usb.ID{Vendor: 0x0764, Product: 0x0501, Port: "1-2"})
		w.after(time.Second).want(ups.Stale)
		moved := backUPS
		moved.Port = "1-3"
		w.plug(moved)
		w.after(0).want(ups.Fresh)
	})
}

func TestSeveral(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		second := backUPS
		second.Port, second.ProductName = "1-2", "Back-UPS"
		w := run(t, usbdriver.Target{}, plugged(backUPS), plugged(second))
		err := <-w.ended
		if err == nil || !strings.Contains(err.Error(), "port 1-1") || !strings.Contains(err.Error(), "port 1-2 (Back-UPS)") {
			t.Errorf("got %v", err)
		}
	})
}

func TestOpenFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := run(t, target, func(w *world) { w.openErr = fs.ErrPermission }, plugged(backUPS))
		w.after(120 * time.Millisecond).want(ups.Absent)
		if strings.Contains(w.logged(), "permission") {
			t.Errorf("warned of what init is about to put right\n%s", w.logged())
		}
		w.after(time.Minute).want(ups.Absent)
		w.mu.Lock()
		w.openErr = nil
		w.mu.Unlock()
		w.after(5 * time.Second).want(ups.Fresh)
		if got := strings.Count(w.logged(), "permission denied"); got != 1 {
			t.Errorf("logged %d times\n%s", got, w.logged())
		}
	})
}

func TestAnswersNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := run(t, target)
		d := w.plug(backUPS)
		d.FailAll(usbtest.Timeout(time.Second))
		w.after(58 * time.Second).want(ups.Absent)
		if len(w.opens) < 24 || len(w.opens) > 40 {
			t.Errorf("opened %d times in a minute, want about every 2 s", len(w.opens))
		}
		if lines := strings.Count(w.logged(), "no answer in time"); lines > 2 {
			t.Errorf("logged %d times", lines)
		}
		d.FailAll(nil)
		w.after(3 * time.Second).want(ups.Fresh)
	})
}

// A device that is gone but still listed, as in the moment before the kernel notices, must not be opened in a tight loop.
func TestGoneButListed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := run(t, target, plugged(backUPS))
		w.after(time.Minute)
		w.devices["1-1"].Unplug()
		w.after(time.Minute).want(ups.Stale)
		if len(w.opens) > 40 || len(w.resets) > 0 {
			t.Errorf("opened %d times in a minute, reset %d times", len(w.opens), len(w.resets))
		}
	})
}

func TestNotUPS(t *testing.T) {
	bubble(t, "always", func(t *testing.T) {
		w := run(t, target)
		w.plug(backUPS).SetReport(usbtest.Feature, 1)
		if err := <-w.ended; !errors.Is(err, usbdriver.ErrNotUPS) {
			t.Errorf("got %v", err)
		}
		if len(w.opens) != 2 {
			t.Errorf("opened %d times, want 2", len(w.opens))
		}
	})
	bubble(t, "once", func(t *testing.T) {
		w := run(t, target, func(w *world) {
			w.onOpen = func(opens int, d *usbtest.Device) {
				d.SetReport(usbtest.Feature, 1, []byte("OL")[:min(opens-1, 1)*2]...)
			}
		}, plugged(backUPS))
		w.after(time.Second).want(ups.Fresh)
		if len(w.opens) != 2 {
			t.Errorf("opened %d times, want 2", len(w.opens))
		}
	})
}

func TestEventsBreak(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := run(t, target, plugged(backUPS))
		w.want(ups.Fresh)
		close(w.events)
		if err := <-w.ended; !errors.Is(err, errBroken) {
			t.Errorf("got %v", err)
		}
		w.want(ups.Stale)
	})
}

// TestBusyDevice has a device that the kernel keeps back after it was plugged in again: nothing is done to it meanwhile, and it is served soon after.
func TestBusyDevice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := run(t, target, plugged(backUPS))
		w.after(time.Minute).want(ups.Fresh)
		set := func(busy bool) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.busy = busy
		}
		set(true)
		w.unplug("1-1")
		w.plug(readdressed(backUPS))
		w.after(3 * time.Minute).want(ups.Stale)
		if len(w.opens) != 1 || len(w.resets) > 0 || strings.Count(w.logged(), "is busy with it") != 1 {
			t.Errorf("opened at %v, reset at %v\n%s", w.opens, w.resets, w.logged())
		}
		set(false)
		w.after(2 * time.Second).want(ups.Fresh)
	})
}
