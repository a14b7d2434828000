package usbtest

import (
	"slices"
	"time"

	"github.com/upscard/upscard/services/usb"
)

// Fault changes the answer of a control transfer.
type Fault func(answer []byte) ([]byte, error)

// Stall refuses the request.
func Stall([]byte) ([]byte, error) { return nil, usb.ErrStall }

// Gone answers as an unplugged device does. Unplug fails interrupt reads as well.
func Gone([]byte) ([]byte, error) { return nil, usb.ErrGone }

// Timeout fails after a time.
func Timeout(after time.Duration) Fault {
	return func([]byte) ([]byte, error) {
		time.Sleep(after)
		return nil, usb.ErrTimeout
	}
}

// Short cuts the answer to n bytes.
func Short(n int) Fault {
	return func(answer []byte) ([]byte, error) { return answer[:min(n, len(answer))], nil }
}

// Garbage answers something else.
func Garbage(data ...byte) Fault {
	return func([]byte) ([]byte, error) { return data, nil }
}

// SetReport sets a report's content as it is on the wire: the id comes first where the device uses ids.
func (d *Device) SetReport(kind Kind, id uint8, wire ...byte) {
	d.change(func() { d.reports[Report{kind, id}] = slices.Clone(wire) })
}

// SetString sets a string descriptor.
func (d *Device) SetString(index uint8, text string) {
	d.change(func() { d.strings[index] = text })
}

// SetInterface makes the device one of several interfaces, of which this one is open. Requests to others are refused.
func (d *Device) SetInterface(number uint8) {
	d.change(func() { d.number = number })
}

// SetHIDDescriptor replaces the HID descriptor that New has made; nil is a device without one.
func (d *Device) SetHIDDescriptor(data []byte) {
	d.change(func() { d.hidDescriptor = slices.Clone(data) })
}

// SetLatency makes every control transfer take that long.
func (d *Device) SetLatency(latency time.Duration) {
	d.change(func() { d.latency = latency })
}

// SetNoInterrupt makes the device one without an interrupt-IN endpoint.
func (d *Device) SetNoInterrupt() {
	d.change(func() { d.noInterrupt = true })
}

// Fail makes every transfer of a report fail; nil repairs it.
func (d *Device) Fail(kind Kind, id uint8, fault Fault) {
	d.change(func() { d.faults[Report{kind, id}] = fault })
}

// FailAll makes every control transfer fail that has no fault of its own; nil repairs them.
func (d *Device) FailAll(fault Fault) {
	d.change(func() { d.allFaults = fault })
}

// FailWrites makes every SET_REPORT fail, whatever else is set; nil repairs it.
func (d *Device) FailWrites(fault Fault) {
	d.change(func() { d.writeFault = fault })
}

// IgnoreWrites makes the device acknowledge every SET_REPORT and do nothing.
func (d *Device) IgnoreWrites() {
	d.change(func() { d.deaf = true })
}

// Push queues an interrupt packet as it is on the wire.
func (d *Device) Push(wire ...byte) {
	d.change(func() { d.packets = append(d.packets, append([]byte{}, wire...)) })
}

// Unplug makes every call fail with usb.ErrGone, also one that is under way.
func (d *Device) Unplug() {
	d.change(func() { d.gone = true })
}

// Reopen makes a device usable that the driver has closed, as opening it anew would, and returns it.
func (d *Device) Reopen() *Device {
	d.change(func() { d.closed = false })
	return d
}

// Closed reports whether the driver has closed the device.
func (d *Device) Closed() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.closed
}

// Transfers lists the control transfers so far.
func (d *Device) Transfers() []Transfer {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.transfers)
}

// Writes lists those of the transfers that may have changed something in the UPS: all that write but SET_IDLE.
func (d *Device) Writes() []Transfer {
	return slices.DeleteFunc(d.Transfers(), func(t Transfer) bool {
		return t.RequestType&directionIn != 0 || t.code() == setIdle
	})
}

func (d *Device) change(f func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	f()
	close(d.changed)
	d.changed = make(chan struct{})
}
