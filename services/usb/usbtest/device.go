package usbtest

import (
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/upscard/upscard/services/usb"
)

var _ usb.Device = (*Device)(nil)

// ErrClosed is what every method of a closed Device returns.
var ErrClosed = errors.New("device is closed")

// Transfer is one control transfer that was asked for.
type Transfer struct {
	RequestType, Request uint8
	Value, Index         uint16
	Data                 []byte // what was written; nil when reading
}

// Device is a HID device made of reports that a test sets. It works inside a testing/synctest bubble: it sleeps on the
// standard clock and starts no goroutine. All methods may be called at any time, but it panics when a driver breaks
// usb.Device's rule of one control transfer and one interrupt read at a time.
type Device struct {
	id            usb.ID
	number        uint8 // of the interface
	controlling   atomic.Bool
	interrupting  atomic.Bool
	mu            sync.Mutex
	changed       chan struct{} // closed at each change that an interrupt read waits for
	hidDescriptor []byte
	descriptor    []byte
	reports       map[Report][]byte
	strings       map[uint8]string
	faults        map[Report]Fault
	allFaults     Fault
	writeFault    Fault
	deaf          bool
	latency       time.Duration
	packets       [][]byte
	noInterrupt   bool
	gone, closed  bool
	transfers     []Transfer
}

// New makes a device with a report descriptor, without reports or strings.
func New(id usb.ID, reportDescriptor []byte) *Device {
	n := len(reportDescriptor)
	return &Device{
		id:            id,
		changed:       make(chan struct{}),
		hidDescriptor: []byte{9, descriptorHID, 0x10, 0x01, 0, 1, descriptorReport, byte(n), byte(n >> 8)},
		descriptor:    slices.Clone(reportDescriptor),
		reports:       make(map[Report][]byte),
		strings:       make(map[uint8]string),
		faults:        make(map[Report]Fault),
	}
}

// ID is the one given to New.
func (d *Device) ID() usb.ID { return d.id }

// Interface is 0, or what SetInterface set.
func (d *Device) Interface() uint8 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.number
}

// HIDDescriptor announces the report descriptor, or is what SetHIDDescriptor set.
func (d *Device) HIDDescriptor() []byte {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.hidDescriptor)
}

// Control answers the standard and HID class requests of a HID device and stalls all others.
func (d *Device) Control(requestType, request uint8, value, index uint16, data []byte) (int, error) {
	defer exclusive(&d.controlling, "control transfers")()
	t := Transfer{RequestType: requestType, Request: request, Value: value, Index: index}
	if requestType&directionIn == 0 {
		t.Data = append([]byte{}, data...)
	}
	d.mu.Lock()
	d.transfers = append(d.transfers, t)
	fault, latency := d.fault(t), d.latency
	d.mu.Unlock()
	time.Sleep(latency)

	d.mu.Lock()
	answer, err := d.answer(t)
	d.mu.Unlock()
	if fault != nil && err == nil {
		answer, err = fault(answer)
	}
	if err == nil {
		err = d.alive()
	}
	if err != nil {
		return 0, err
	}
	if requestType&directionIn == 0 {
		return len(data), nil
	}
	return copy(data, answer), nil
}

// String returns what SetString set, else stalls.
func (d *Device) String(index uint8) (string, error) {
	defer exclusive(&d.controlling, "control transfers")()
	if err := d.alive(); err != nil {
		return "", err
	}
	d.mu.Lock()
	text, ok := d.strings[index]
	fault := d.allFaults
	d.mu.Unlock()
	if fault != nil {
		if _, err := fault(nil); err != nil {
			return "", err
		}
	}
	if !ok {
		return "", usb.ErrStall
	}
	return text, nil
}
