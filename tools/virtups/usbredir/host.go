package usbredir

import (
	"log/slog"
	"slices"
	"sync"
	"time"
)

// Device is what is plugged in. Its methods are called from one goroutine at a time.
type Device interface {
	// Port describes the device as the guest's USB controller sees it. It is asked each time that the guest sees the device plugged in.
	Port() Port

	// Reset brings the device to where power-on leaves it: the guest sees it plugged in, or resets its port.
	Reset()

	// Control does one control transfer on endpoint 0. Data are what a write brought. Of the requests that the protocol has packets of its own for, those
	// for configuration and alternate setting, only the status and the delay of the answer count.
	Control(setup Control, data []byte) Answer
}

// Answer is how a device answers a control transfer.
type Answer struct {
	Data   []byte // of a read; what is over the length that was asked for is cut off
	Status Status
	Delay  time.Duration // how late it comes, or Never
}

// Never is the delay of an answer that does not come.
const Never time.Duration = -1

// Port describes a device with one configuration, of which one interface has an interrupt-IN endpoint that reports.
type Port struct {
	Speed                     Speed
	Vendor, Product, Release  uint16
	Number                    uint8 // of the interface
	Class, Subclass, Protocol uint8 // likewise
	Endpoint                  uint8 // address of the interrupt-IN endpoint
	MaxPacket                 uint16
	Interval                  uint8       // milliseconds, as in the endpoint descriptor
	Others                    []Interface // those that move no data but through endpoint 0
}

// Interface is one of a composite device.
type Interface struct {
	Number, Class, Subclass, Protocol uint8
	Endpoints                         []Endpoint
}

// Endpoint is one of an interface, as in its descriptor.
type Endpoint struct {
	Address, Attributes, Interval uint8
	MaxPacket                     uint16
}

// interfaces lists all of them, the one that reports last.
func (p *Port) interfaces() []Interface {
	own := Endpoint{p.Endpoint, endpointInterrupt, p.Interval, p.MaxPacket}
	return append(slices.Clone(p.Others), Interface{p.Number, p.Class, p.Subclass, p.Protocol, []Endpoint{own}})
}

// silent reports whether the endpoint is an interrupt-IN endpoint of another interface.
func (p *Port) silent(address uint8) bool {
	return slices.ContainsFunc(p.Others, func(i Interface) bool {
		return slices.ContainsFunc(i.Endpoints, func(e Endpoint) bool {
			return e.Address == address && address&0x80 != 0 && e.Attributes&transferMask == endpointInterrupt
		})
	})
}

// Host is one USB port. Its methods may be called from any goroutine.
type Host struct {
	device Device
	logger *slog.Logger
	wake   chan struct{} // a session looks at the fields below after each receive

	mu      sync.Mutex
	plugged bool
	plugs   int // how often a device was plugged in: two are told apart although the guest saw no gap
	pending []Report
}

// Report is what the device sends on its interrupt-IN endpoint.
type Report struct {
	Key    int // reports of one key replace each other while nobody reads, as in a device's own buffer
	Data   []byte
	Status Status // other than Success: the guest's transfer fails in this way, without data
	Copies int    // how often it is sent, 1 if 0
	Sent   func() // called once the report was written to the guest; may be nil
}

// NewHost returns a port with the device plugged in.
func NewHost(device Device, logger *slog.Logger) *Host {
	return &Host{device: device, logger: logger, wake: make(chan struct{}, 1), plugged: true, plugs: 1}
}

// Plug plugs the device in. It does nothing to a device that is.
func (h *Host) Plug() {
	h.mu.Lock()
	if !h.plugged {
		h.plugged = true
		h.plugs++
	}
	h.mu.Unlock()
	h.nudge()
}

// Unplug pulls the device out, and what it had to report is lost.
func (h *Host) Unplug() {
	h.mu.Lock()
	h.plugged = false
	h.pending = nil
	h.mu.Unlock()
	h.nudge()
}

// Plugged reports whether the device is plugged in.
func (h *Host) Plugged() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.plugged
}

// Interrupt queues a report for the guest. The queue never outgrows the number of keys.
func (h *Host) Interrupt(r Report) {
	h.mu.Lock()
	if h.plugged {
		h.pending = append(slices.DeleteFunc(h.pending, func(old Report) bool { return old.Key == r.Key }), r)
	}
	h.mu.Unlock()
	h.nudge()
}

func (h *Host) nudge() {
	select {
	case h.wake <- struct{}{}:
	default: // a session that has not looked yet will see this change too
	}
}

// want returns 0 while nothing is plugged in, else the number of the plug.
func (h *Host) want() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.plugged {
		return 0
	}
	return h.plugs
}

func (h *Host) take() []Report {
	h.mu.Lock()
	defer h.mu.Unlock()
	p := h.pending
	h.pending = nil
	return p
}
