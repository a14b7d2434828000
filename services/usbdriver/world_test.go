package usbdriver_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/upscard/upscard/services/ups"
	"github.com/upscard/upscard/services/usb"
	"github.com/upscard/upscard/services/usb/usbtest"
	"github.com/upscard/upscard/services/usbdriver"
)

var errBroken = errors.New("broken")

// world is a machine with USB ports, whose devices are served by reading one report a second.
type world struct {
	t      *testing.T
	events chan usb.Uevent
	store  *ups.Store

	mu       sync.Mutex
	attached []usb.Attached
	devices  map[string]*usbtest.Device // by port
	parts    map[int]*usbtest.Device    // by number, of a composite device; nil where the devices have one interface
	tried    []int                      // interfaces that were opened
	openErr  error
	onOpen   func(opens int, d *usbtest.Device)
	opens    []time.Duration // when Open was called
	resets   []time.Duration // when Reset was called
	onReset  func(d *usbtest.Device)
	asked    chan struct{}
	lost     chan struct{} // a token is an event that the kernel dropped
	onScan   func(w *world)
	serve    func(context.Context, usb.Device, *ups.Store) error
	told     usb.ID // what the device says itself, once it may be asked
	toldErr  error
	busy     bool // the kernel keeps the device back
	scans    int
	log      strings.Builder

	start time.Time
	stop  context.CancelFunc
	ended chan error
}

// run starts a driver in the synctest bubble of t; the bubble's end checks that it ends.
func run(t *testing.T, target usbdriver.Target, prepare ...func(*world)) *world {
	w := &world{t: t, serve: serve, events: make(chan usb.Uevent, 100), store: ups.NewStore(), devices: make(map[string]*usbtest.Device),
		start: time.Now(), ended: make(chan error, 1), asked: make(chan struct{}),
		lost: make(chan struct{}, 1)}
	for _, f := range prepare {
		f(w)
	}
	ctx, cancel := context.WithCancel(t.Context())
	w.stop = cancel
	d := &usbdriver.Driver{
		World:  usbdriver.World{Scan: w.scan, Next: w.next, Interfaces: w.interfaces, Open: w.open, Reset: w.reset, Serve: w.attend, Reread: w.reread},
		Target: target,
		Asked:  w.asked,
		Store:  w.store,
		Logger: slog.New(slog.NewTextHandler(w, nil)),
	}
	go func() { w.ended <- d.Run(ctx) }()
	t.Cleanup(cancel)
	synctest.Wait()
	return w
}

func (w *world) Write(line []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.log.Write(line)
}

func (w *world) logged() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.log.String()
}

func (w *world) scan() ([]usb.Attached, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.scans++
	found := append([]usb.Attached(nil), w.attached...)
	if w.onScan != nil {
		w.onScan(w)
	}
	if w.busy {
		return nil, fmt.Errorf("1-1: %w", usb.ErrBusy)
	}
	return found, nil
}

func (w *world) next(ctx context.Context) (usb.Uevent, error) {
	select {
	case <-w.lost:
		return usb.Uevent{}, usb.ErrLost
	case e, ok := <-w.events:
		if !ok {
			return e, errBroken
		}
		return e, nil
	case <-ctx.Done():
		return usb.Uevent{}, ctx.Err()
	}
}

func (w *world) reread(id usb.ID) (usb.ID, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.toldErr == nil && w.told.Port == "" {
		return id, fs.ErrPermission
	}
	return w.told, w.toldErr
}

func (w *world) attend(ctx context.Context, d usb.Device, store *ups.Store) error {
	return w.serve(ctx, d, store)
}

func (w *world) interfaces(usb.ID) []int {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.parts == nil {
		return []int{0}
	}
	return slices.Sorted(maps.Keys(w.parts))
}

func (w *world) open(id usb.ID, number int) (usb.Device, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.opens = append(w.opens, time.Since(w.start))
	w.tried = append(w.tried, number)
	device := w.devices[id.Port]
	if w.parts != nil {
		device = w.parts[number]
	}
	if w.openErr != nil {
		return nil, w.openErr
	}
	if w.onOpen != nil {
		w.onOpen(len(w.opens), device)
	}
	return device.Reopen(), nil
}

// reset fails the test for a device whose data are fresh, and for one that is open.
func (w *world) reset(id usb.ID) error {
	w.mu.Lock()
	w.resets = append(w.resets, time.Since(w.start))
	device, do, composite := w.devices[id.Port], w.onReset, w.parts != nil
	w.mu.Unlock()
	if w.store.Get().Freshness() == ups.Fresh || !composite && !device.Closed() {
		w.t.Errorf("reset while the data are %v, closed %v", w.store.Get().Freshness(), device.Closed())
	}
	if do != nil {
		do(device)
	}
	return nil
}

// serve stands for services/usbhid: report 1 tells the status; an empty one is no power device's, a zero is garbled.
func serve(ctx context.Context, d usb.Device, store *ups.Store) error {
	for {
		data := make([]byte, 8)
		n, err := d.Control(0xa1, 1, 3<<8|1, uint16(d.Interface()), data)
		if err != nil {
			return fmt.Errorf("report 1: %w", err)
		}
		switch {
		case n == 0:
			return fmt.Errorf("%v: %w", d.ID(), usbdriver.ErrNotUPS)
		case data[0] == 0:
			return fmt.Errorf("%v: %w, %w", d.ID(), usbdriver.ErrNotUPS, usbdriver.ErrGarbled)
		}
		vars := map[string]ups.Var{"ups.status": {Value: string(data[:n])}}
		store.Set(ups.NewSnapshot(vars, nil, ups.Fresh, time.Now()))
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
			return nil
		}
	}
}

// plug attaches a device and tells of it as the kernel does.
func (w *world) plug(id usb.ID) *usbtest.Device {
	d := usbtest.New(id, nil)
	d.SetReport(usbtest.Feature, 1, []byte("OL")...)
	w.mu.Lock()
	w.devices[id.Port] = d
	w.attached = append(w.attached, usb.Attached{ID: id})
	w.mu.Unlock()
	w.event("add", id.Port, "usb_device")
	w.event("add", id.Port+"/"+id.Port+":1.0", "usb_interface")
	return d
}

func (w *world) unplug(port string) {
	w.mu.Lock()
	w.devices[port].Unplug()
	w.attached = nil
	w.mu.Unlock()
	w.event("remove", port, "usb_device")
}

func (w *world) event(action, path, kind string) {
	w.events <- usb.Uevent{Action: action, Path: "/devices/usb1/" + path, Vars: map[string]string{"SUBSYSTEM": "usb", "DEVTYPE": kind}}
}

// after lets time pass.
func (w *world) after(d time.Duration) *world {
	time.Sleep(d)
	synctest.Wait()
	return w
}

func (w *world) want(f ups.Freshness) {
	w.t.Helper()
	if got := w.store.Get().Freshness(); got != f {
		w.t.Errorf("after %v the data are %v, want %v\n%s", time.Since(w.start), got, f, w.logged())
	}
}

// end stops the driver unless it has ended, and returns its error.
func (w *world) end() error {
	w.t.Helper()
	w.stop()
	select {
	case err := <-w.ended:
		return err
	case <-time.After(2 * time.Second):
		w.t.Fatal("the driver did not end within 2 s")
		return nil
	}
}
