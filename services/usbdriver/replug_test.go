package usbdriver_test

import (
	"strings"
	"testing"
	"time"

	"github.com/upscard/upscard/services/ups"
	"github.com/upscard/upscard/services/usb"
	"github.com/upscard/upscard/services/usb/usbtest"
)

// swap puts another device at a port, and tells nobody.
func (w *world) swap(id usb.ID) *usbtest.Device {
	d := usbtest.New(id, nil)
	d.SetReport(usbtest.Feature, 1, []byte("OL")...)
	w.mu.Lock()
	defer w.mu.Unlock()
	if old := w.devices[id.Port]; old != nil {
		old.Unplug()
	}
	w.devices[id.Port], w.attached = d, []usb.Attached{{ID: id}}
	return d
}

// readdressed is the device after it has reset itself.
func readdressed(id usb.ID) usb.ID {
	id.Address++
	return id
}

// others are what must not be taken for the device that was served at the port.
func others() map[string]usb.ID {
	model, serial, port := backUPS, backUPS, backUPS
	model.Product, serial.Serial, port.Port = 3, "B", "1-2"
	return map[string]usb.ID{"another model": model, "another serial": serial, "another port": port}
}

// TestResetsItself has devices that come back at once, with another address, and events that come late, out of order, or never.
func TestResetsItself(t *testing.T) {
	bubble(t, "its events were lost", func(t *testing.T) {
		w := run(t, target, plugged(backUPS))
		w.after(time.Minute).want(ups.Fresh)
		w.swap(readdressed(backUPS))
		w.lost <- struct{}{}
		w.after(2 * time.Second).want(ups.Fresh)
	})
	bubble(t, "nobody tells of it", func(t *testing.T) {
		w := run(t, target, plugged(backUPS))
		id := backUPS
		for range 5 {
			w.after(time.Minute).want(ups.Fresh)
			id = readdressed(id)
			w.swap(id)
			w.after(2 * time.Second).want(ups.Fresh)
		}
	})
	bubble(t, "it was away, and the event of its coming was lost", func(t *testing.T) {
		w := run(t, target, plugged(backUPS))
		w.after(time.Minute).unplug("1-1")
		w.after(time.Minute).want(ups.Stale)
		w.swap(readdressed(backUPS))
		w.lost <- struct{}{}
		w.after(0).want(ups.Fresh)
	})
	bubble(t, "between the look and the opening", func(t *testing.T) {
		w := run(t, target, plugged(backUPS))
		w.after(time.Minute).unplug("1-1")
		w.after(time.Second)
		w.mu.Lock()
		w.onScan = func(w *world) { // what was found is gone when it is opened
			for _, a := range w.attached {
				w.devices[a.ID.Port].Unplug()
			}
			w.onScan = nil
		}
		w.mu.Unlock()
		w.plug(backUPS)
		w.after(0).want(ups.Stale)
		w.swap(readdressed(backUPS))
		w.after(time.Second).want(ups.Fresh)
	})
	bubble(t, "over and over", func(t *testing.T) {
		w := run(t, target, plugged(backUPS))
		id := backUPS
		for range 300 {
			w.after(900 * time.Millisecond)
			id = readdressed(id)
			w.swap(id)
			w.event("remove", "1-1", "usb_device")
			w.event("add", "1-1", "usb_device")
		}
		w.after(5 * time.Second).want(ups.Fresh)
		if len(w.resets) > 0 || len(w.opens) > 1000 {
			t.Errorf("reset %d times, opened %d times", len(w.resets), len(w.opens))
		}
	})
}

// TestComesBackAsAnother has another device in the place of the one that was served, told of or not. It is not taken, nor is it reset;
// the right one is when it is back.
func TestComesBackAsAnother(t *testing.T) {
	for name, id := range others() {
		for _, told := range []bool{true, false} {
			if name == "another port" && !told {
				continue
			}
			bubble(t, name, func(t *testing.T) {
				w := run(t, target, plugged(backUPS))
				w.after(time.Minute).want(ups.Fresh)
				if told {
					w.unplug("1-1")
					w.after(time.Second)
					w.plug(id)
				} else {
					w.swap(id)
				}
				w.after(10 * time.Minute).want(ups.Stale)
				if len(w.opens) != 1 || len(w.resets) > 0 {
					t.Errorf("opened at %v, reset at %v", w.opens, w.resets)
				}
				if strings.Contains(w.logged(), "not taken") != (name != "another port") {
					t.Errorf("log:\n%s", w.logged())
				}
				w.mu.Lock()
				w.attached = nil
				w.mu.Unlock()
				w.plug(readdressed(backUPS))
				w.after(0).want(ups.Fresh)
			})
		}
	}
}
