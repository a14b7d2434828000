package sim

import (
	"bytes"
	"context"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/upscard/upscard/services/hid"
	"github.com/upscard/upscard/tools/virtups/device"
	"github.com/upscard/upscard/tools/virtups/model"
	"github.com/upscard/upscard/tools/virtups/usbredir"
)

// longestGap is how much time at most passes between two looks at the clock: a machine that slept does not empty the battery.
const longestGap = 10 * time.Second

// UPS is a simulated UPS on its USB port. Its methods may be called from any goroutine.
type UPS struct {
	host    *usbredir.Host
	opts    Options
	own     *body // what is plugged in while no fault makes it another
	journal journal

	mu sync.Mutex
	*body
	faults  schedule
	trouble trouble
	seen    map[occasion]bool // reports that were answered rightly, as first reads
	polls   int
	speed   float64
	looked  time.Time // when the model was last moved
	beat    time.Time // when the last heartbeat was
	asked   int       // control transfers so far
}

// New returns a UPS that runs on the mains and is plugged in.
func New(desc *device.Description, opts Options) *UPS {
	opts.defaults()
	now := opts.Now()
	b := newBody(desc, opts)
	u := &UPS{opts: opts, own: b, body: b, seen: map[occasion]bool{}, speed: opts.Speed, looked: now, beat: now}
	u.host = usbredir.NewHost(usbDevice{u}, opts.Logger)
	return u
}

// Serve lets virtual machines plug the UPS in, one after another, until ctx ends, and returns nil then. It closes the listener.
func (u *UPS) Serve(ctx context.Context, ln net.Listener) error {
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() { u.tick(ctx) })
	err := u.host.Serve(ctx, ln)
	cancel()
	wg.Wait()
	return err
}

// tick moves the model while nobody asks for it.
func (u *UPS) tick(ctx context.Context) {
	t := time.NewTicker(u.opts.Tick)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			u.mu.Lock()
			u.advance()
			u.follow(u.looked)
			u.disturb(u.looked)
			u.mu.Unlock()
		}
	}
}

// advance moves the model to the present and reports what changed. The caller holds mu.
func (u *UPS) advance() {
	now := u.opts.Now()
	if d := now.Sub(u.looked); d > 0 {
		u.unit.Step(time.Duration(float64(min(d, longestGap)) * u.speed))
	}
	u.looked = now
	u.publish(now)
}

// publish writes the model into the reports and sends the Input reports that this changed. The caller holds mu.
func (u *UPS) publish(now time.Time) {
	before := map[uint8][]byte{}
	ids := u.reports.ids(hid.Input)
	for _, id := range ids {
		before[id] = bytes.Clone(u.reports.image(hid.Input, id))
	}
	u.reports.refresh(u.unit, u.bindings)
	due := now.Sub(u.beat) >= u.opts.Heartbeat && !u.opts.Still
	if due {
		u.beat = now
	}
	for _, id := range ids {
		if data := u.reports.image(hid.Input, id); due || !bytes.Equal(data, before[id]) {
			u.send(id, data, now)
		}
	}
}

// Model is a copy of the model as it is now. Its methods tell the true value of each quantity.
func (u *UPS) Model() model.Unit {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.advance()
	unit := *u.unit
	unit.Cuts = slices.Clone(unit.Cuts)
	return unit
}

// Transfers is how many control transfers came so far.
func (u *UPS) Transfers() int {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.asked
}

// Plug and Unplug move the USB plug, whatever a fault has done to it.
func (u *UPS) Plug() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.plug()
}

// Unplug: see Plug.
func (u *UPS) Unplug() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.unplug()
}
