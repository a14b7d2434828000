package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/upscard/upscard/services/ups"
	"github.com/upscard/upscard/services/usb"
	"github.com/upscard/upscard/services/usb/usbtest"
	"github.com/upscard/upscard/services/usbdriver"
	"github.com/upscard/upscard/services/usbhid"
)

// ward is a UPS whose driver is started again whenever it ends, as init does.
type ward struct {
	t     *testing.T
	dev   *usbtest.Device
	store *ups.Store // of the process that runs
	loop  chan struct{}

	mu     sync.Mutex
	resets []time.Time
	ends   []time.Time
	cure   func() // what a reset does
}

// attend runs f beside the driver.
func attend(t *testing.T, poll usbhid.Options, f func(w *ward)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := &ward{t: t, dev: newUPS(), store: ups.NewStore(), loop: make(chan struct{})}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			for ctx.Err() == nil {
				w.process(ctx, poll)
			}
		}()
		f(w)
		cancel()
		<-ended
		if writes := w.dev.Writes(); len(writes) > 0 {
			t.Errorf("written to the UPS: %+v", writes)
		}
	})
}

// process is one life of the driver. What clients saw stays until there are new data: upsd has it stale then.
func (w *ward) process(ctx context.Context, poll usbhid.Options) {
	poll.Desk, poll.Asked = usbhid.NewDesk(nil), w.loop
	store := ups.NewStore()
	w.mu.Lock()
	w.store = store
	w.mu.Unlock()
	d := &usbdriver.Driver{
		World: usbdriver.World{
			Scan:       func() ([]usb.Attached, error) { return []usb.Attached{{ID: id}}, nil },
			Next:       func(ctx context.Context) (usb.Uevent, error) { <-ctx.Done(); return usb.Uevent{}, ctx.Err() },
			Interfaces: func(usb.ID) []int { return []int{0} },
			Open:       w.open,
			Reset:      w.reset,
			Serve:      serveUPS(poll, identifier(nil, 0), func() {}),
		},
		Target: usbdriver.Target{Port: id.Port},
		Store:  store,
		Logger: slog.New(slog.NewTextHandler(w.t.Output(), nil)),
		Asked:  w.loop,
	}
	if err := d.Run(ctx); err == nil {
		return
	}
	w.mu.Lock()
	w.ends = append(w.ends, time.Now())
	w.mu.Unlock()
	time.Sleep(100 * time.Millisecond)
}

// open asks for the configuration's descriptor, as libusb's opener does.
func (w *ward) open(usb.ID, int) (usb.Device, error) {
	d := answering{w.dev.Reopen(), w.loop}
	if _, err := d.Control(0x80, 6, 0x0200, 0, make([]byte, 9)); errors.Is(err, usb.ErrTimeout) {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

func (w *ward) reset(usb.ID) error {
	if w.state().Freshness() == ups.Fresh {
		w.t.Error("reset while the data are fresh")
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.resets = append(w.resets, time.Now()); w.cure != nil {
		w.cure()
	}
	return nil
}

func (w *ward) state() *ups.Snapshot {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.store.Get()
}

// until waits for a freshness and returns how long that took; a liar is caught by its status.
func (w *ward) until(f ups.Freshness, status string, most time.Duration) time.Duration {
	w.t.Helper()
	start := time.Now()
	for {
		s := w.state()
		if s.Freshness() == ups.Fresh && s.Value("ups.status") != status {
			w.t.Errorf("ups.status %q, want %q", s.Value("ups.status"), status)
			return 0
		}
		if s.Freshness() == f || f == ups.Stale && s.Freshness() == ups.Absent {
			return time.Since(start)
		}
		if time.Since(start) > most {
			w.t.Errorf("not %v within %v", f, most)
			return most
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// hardships are faults of a device, with what they are to all.
var hardships = map[string]func(d *usbtest.Device, f usbtest.Fault){
	"of all":        (*usbtest.Device).FailAll,
	"of the status": func(d *usbtest.Device, f usbtest.Fault) { d.Fail(usbtest.Feature, 2, f) },
}

var faults = map[string]usbtest.Fault{
	"refusals":  usbtest.Stall,
	"time-outs": usbtest.Timeout(time.Second),
	"garbage":   usbtest.Garbage(0xa5, 0xa5, 0xa5, 0xa5),
	"emptiness": usbtest.Short(0),
	"errors":    func([]byte) ([]byte, error) { return nil, errors.New("input/output error") },
}

// TestLadder has the faults that last, on mains and on battery: data are stale within three poll intervals, the first ladder ends within 10 s,
// the driver's loop answers all the time, and nothing is written.
func TestLadder(t *testing.T) {
	for where, put := range hardships {
		for what, fault := range faults {
			for _, status := range []string{"OL", "OB DISCHRG"} {
				t.Run(fmt.Sprint(what, " ", where, ", ", status), func(t *testing.T) {
					attend(t, usbhid.Options{}, func(w *ward) {
						if status != "OL" {
							w.dev.SetReport(usbtest.Feature, 2, 2, 0x02)
						}
						time.Sleep(time.Minute)
						w.until(ups.Fresh, status, 0)
						put(w.dev, fault)
						start := time.Now()
						w.until(ups.Stale, status, 6*time.Second)
						for time.Since(start) < 5*time.Minute {
							ctx, cancel := context.WithTimeout(w.t.Context(), 4*time.Second)
							select {
							case w.loop <- struct{}{}:
							case <-ctx.Done():
								w.t.Errorf("the loop does not answer %v after the failure", time.Since(start))
							}
							cancel()
							time.Sleep(time.Second)
						}
						w.judge(start, what == "time-outs" && where == "of all" && status == "OL",
							what == "garbage" || where == "of the status")
					})
				})
			}
		}
	}
}

// judge looks at the steps that were taken in five minutes.
func (w *ward) judge(start time.Time, gently, stays bool) {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	const poll = 2 * time.Second
	if stays {
		if len(w.ends) > 0 || len(w.resets) != 1 {
			w.t.Errorf("a device that answers ended %d processes, and was reset %d times", len(w.ends), len(w.resets))
		}
		return
	}
	if n := len(w.ends); n < 4 || n > 7 {
		w.t.Fatalf("ended %d times", n)
	}
	if took := w.ends[0].Sub(start); took > 10*time.Second+poll {
		w.t.Errorf("the first ladder ended %v after the last good reading", took)
	}
	for i, end := range w.ends[1:] {
		if pause := end.Sub(w.ends[i]); pause < time.Minute || pause > 70*time.Second {
			w.t.Errorf("%v from one end to the next", pause)
		}
	}
	switch first := w.resets[0].Sub(start); {
	case gently && first < 30*time.Second:
		w.t.Errorf("reset after %v, which it may not outlive", first)
	case !gently && first > 8*time.Second+poll:
		w.t.Errorf("reset after %v", first)
	}
	if len(w.resets) > len(w.ends)+1 {
		w.t.Errorf("reset %d times, ended %d times", len(w.resets), len(w.ends))
	}
}

// TestRecovery ends each fault after some time: there are data within three seconds.
func TestRecovery(t *testing.T) {
	for where, put := range hardships {
		for what, fault := range faults {
			for lasts := 500 * time.Millisecond; lasts < 100*time.Second; lasts += lasts*2/5 + 70*time.Millisecond {
				attend(t, usbhid.Options{}, func(w *ward) {
					time.Sleep(time.Minute)
					w.until(ups.Fresh, "OL", 0)
					put(w.dev, fault)
					w.dev.SetReport(usbtest.Feature, 2, 2, 0x02)
					time.Sleep(lasts)
					put(w.dev, nil)
					start := time.Now()
					for {
						s := w.state()
						if s.Freshness() == ups.Fresh && strings.HasPrefix(s.Value("ups.status"), "OB") {
							break
						}
						if time.Since(start) > 3*time.Second {
							w.t.Errorf("%s %s for %v: still %v %q 3 s later", what, where, lasts, s.Freshness(), s.Value("ups.status"))
							break
						}
						time.Sleep(10 * time.Millisecond)
					}
				})
			}
		}
	}
}
