package sim

import (
	"bytes"
	"time"

	"github.com/upscard/upscard/services/hid"
	"github.com/upscard/upscard/tools/virtups/device"
	"github.com/upscard/upscard/tools/virtups/usbredir"
)

// trouble is what faults have done to a device that is more than one answer.
type trouble struct {
	hung   bool      // it answers nothing
	freed  time.Time // when it does again by itself, zero for never
	halted bool      // its interrupt endpoint is (USB 2.0, 9.4.5): until the host clears that, or resets
	away   bool      // it was pulled out by a fault
	agenda []step    // what a fault has still to do
}

// step is a thing to do at a time.
type step struct {
	at time.Time
	do func(*UPS)
}

// Inject puts a fault in force.
func (u *UPS) Inject(r Rule) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.faults.add(r, u.opts.Now())
}

// Heal ends all faults and what they left behind: the device answers again, is plugged in, is its own model.
func (u *UPS) Heal() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.heal()
}

func (u *UPS) heal() {
	u.faults.clear(nil)
	away := u.trouble.away
	u.trouble = trouble{}
	if u.body != u.own {
		away = away || u.host.Plugged()
		u.host.Unplug()
		u.wear(u.own)
	}
	if away {
		u.host.Plug()
	}
}

// Sick reports whether a fault is still in force, or what it has left behind is.
func (u *UPS) Sick() bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	now, t := u.opts.Now(), &u.trouble
	u.faults.tidy(now)
	return len(u.faults.entries) > 0 || u.hangs(now) || t.halted || t.away || len(t.agenda) > 0 || u.body != u.own
}

// Struck is how often a fault struck so far.
func (u *UPS) Struck() int {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.faults.struck
}

// SetFault makes every access to a report fail in the given way from now on, until it is set to FaultNone.
func (u *UPS) SetFault(id uint8, f Fault) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.faults.clear(&id)
	if f == FaultNone {
		return nil
	}
	return u.faults.add(Rule{Fault: f, Reports: []uint8{id}}, u.opts.Now())
}

// hangs reports whether the device answers nothing at all.
func (u *UPS) hangs(now time.Time) bool {
	t := &u.trouble
	if t.hung && !t.freed.IsZero() && !now.Before(t.freed) {
		t.hung = false
	}
	return t.hung
}

// Reset: see usbredir.Device.
func (d usbDevice) Reset() {
	d.u.mu.Lock()
	defer d.u.mu.Unlock()
	d.u.trouble.hung, d.u.trouble.halted = false, false
	clear(d.u.seen)
}

// clearFeature ends the halt of the interrupt endpoint, if that is what the host asks for.
func (u *UPS) clearFeature(c usbredir.Control, _ []byte) ([]byte, bool) {
	if c.Value == 0 && c.Index == uint16(u.descriptors.Endpoint) {
		u.trouble.halted = false
	}
	return nil, true
}

// suffer answers a control transfer on which a fault strikes. The caller holds mu.
func (u *UPS) suffer(e *entry, o occasion, perform func() usbredir.Answer, now time.Time) usbredir.Answer {
	if status, broken := e.Fault.status(); broken {
		return usbredir.Answer{Status: status}
	}
	switch e.Fault {
	case FaultIgnore:
		return usbredir.Answer{}
	case FaultLate:
		a := perform()
		a.Delay = e.Delay
		return a
	case FaultShort, FaultLong, FaultGarbage, FaultNoise:
		a := perform()
		delete(u.seen, o) // it was not answered rightly
		a.Data = e.Fault.spoil(a.Data, o.head(), e.random)
		return a
	case FaultHang:
		u.trouble.hung, u.trouble.freed = true, e.until
	case FaultUnplug:
		u.leave(now, 0)
	case FaultReset:
		u.leave(now, e.Delay)
	case FaultReaddress:
		u.become(u.body)
	case FaultSwap:
		u.swap(newBody(e.As, u.opts), now, e.Delay)
	}
	return usbredir.Answer{Delay: usbredir.Never}
}

// leave drops the device off the bus, to be back after a while unless that is 0.
func (u *UPS) leave(now time.Time, back time.Duration) {
	u.host.Unplug()
	u.trouble.away = true
	if back > 0 {
		u.trouble.agenda = append(u.trouble.agenda, step{now.Add(back), func(u *UPS) {
			u.trouble.away = false
			u.host.Plug()
		}})
	}
}

func (u *UPS) plug() {
	if u.trouble.away {
		u.trouble.away, u.trouble.agenda = false, nil
	}
	u.host.Plug()
}

func (u *UPS) unplug() {
	u.trouble.away, u.trouble.agenda = false, nil
	u.host.Unplug()
}

// become drops the device off the bus and lets it come back at once as the given one.
func (u *UPS) become(b *body) {
	u.host.Unplug()
	u.wear(b)
	u.trouble.away = false
	u.host.Plug()
}

// wear puts another UPS in the place of the one that is unplugged. The mains are the same, and no cut of the load is forgotten.
func (u *UPS) wear(b *body) {
	b.unit.Mains, b.unit.Cuts = u.unit.Mains, u.unit.Cuts
	u.body = b
	u.reports.refresh(u.unit, u.bindings)
}

// swap lets the device come back as another model, and as itself after a while unless that is 0.
func (u *UPS) swap(b *body, now time.Time, back time.Duration) {
	u.become(b)
	if back > 0 {
		u.trouble.agenda = append(u.trouble.agenda, step{now.Add(back), func(u *UPS) { u.become(u.own) }})
	}
}

// Swap lets the device drop off the bus and come back as another model, until Heal or another Swap.
func (u *UPS) Swap(d *device.Description) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.swap(newBody(d, u.opts), u.opts.Now(), 0)
}

// follow does the steps that are due. The caller holds mu.
func (u *UPS) follow(now time.Time) {
	t := &u.trouble
	agenda := t.agenda
	t.agenda = nil
	for _, s := range agenda {
		if now.Before(s.at) {
			t.agenda = append(t.agenda, s)
		} else {
			s.do(u)
		}
	}
}

// send puts a report on its way to the guest, as far as no fault keeps it. The caller holds mu.
func (u *UPS) send(id uint8, data []byte, now time.Time) {
	if u.hangs(now) || u.trouble.halted {
		return
	}
	o := occasion{Interrupt, hid.Input, id}
	u.deliver(usbredir.Report{Key: int(id), Data: bytes.Clone(data)}, o, u.faults.strike(o, now), now)
}

// failed is the key of interrupt reports that are none: real ones have their ids.
const failed = 256

// deliver sends what the fault that struck, if any, leaves of a report.
func (u *UPS) deliver(r usbredir.Report, o occasion, e *entry, now time.Time) {
	if e != nil {
		status, broken := e.Fault.status()
		switch {
		case broken:
			r = usbredir.Report{Key: failed, Status: status}
			u.trouble.halted = status == usbredir.Stall
		case e.Fault == FaultSilence:
			return
		default:
			r.Data = e.Fault.spoil(r.Data, o.head(), e.random)
		}
	}
	if data := r.Data; data != nil {
		r.Sent = func() { u.journal.report(Report{Data: data, Changed: now, Sent: u.opts.Now()}) }
	}
	u.host.Interrupt(r)
}

// disturb does what faults do to the interrupt pipe while there is nothing to report: errors, and a flood. It is called once a tick, and the caller holds mu.
func (u *UPS) disturb(now time.Time) {
	ids := u.reports.ids(hid.Input)
	if len(ids) == 0 || u.hangs(now) {
		return
	}
	if u.trouble.halted {
		u.host.Interrupt(usbredir.Report{Key: failed, Status: usbredir.Stall})
		return
	}
	u.polls++
	id := ids[u.polls%len(ids)]
	r := usbredir.Report{Key: int(id), Data: bytes.Clone(u.reports.image(hid.Input, id))}
	o := occasion{poll, hid.Input, id}
	e := u.faults.strike(o, now)
	if e == nil {
		return
	}
	if e.Fault == FaultFlood {
		r.Copies = max(1, int(u.opts.Tick/(device.Interval*time.Millisecond)))
		o.stage = Interrupt
		e = u.faults.strike(o, now)
	}
	u.deliver(r, o, e, now)
}
