package usbtest

import (
	"slices"

	"github.com/upscard/upscard/services/usb"
)

// Requests (USB 2.0, 9.4; HID 1.11, 7.1 and 7.2): a request type and a request in one number.
const (
	directionIn = 0x80
	recipient   = 0x1f // of a request type
	toInterface = 0x01

	getInterfaceDescriptor = 0x81<<8 | 6
	getReport              = 0xa1<<8 | 1
	setReport              = 0x21<<8 | 9
	setIdle                = 0x21<<8 | 10
)

// Descriptor types of the HID class (HID 1.11, 7.1).
const (
	descriptorHID    = 0x21
	descriptorReport = 0x22
)

// Kind of a report, as in the high byte of wValue (HID 1.11, 7.2.1).
type Kind uint8

// The three kinds of reports.
const (
	Input   Kind = 1
	Output  Kind = 2
	Feature Kind = 3
)

// Report names a report: its kind and its id, 0 where the device has none.
type Report struct {
	Kind Kind
	ID   uint8
}

func (t Transfer) code() int { return int(t.RequestType)<<8 | int(t.Request) }

// report tells which report a transfer is about.
func (t Transfer) report() (Report, bool) {
	if t.code() != getReport && t.code() != setReport {
		return Report{}, false
	}
	return Report{Kind(t.Value >> 8), uint8(t.Value)}, true
}

// fault is called with the lock held.
func (d *Device) fault(t Transfer) Fault {
	if t.code() == setReport && d.writeFault != nil {
		return d.writeFault
	}
	if r, ok := t.report(); ok && d.faults[r] != nil {
		return d.faults[r]
	}
	return d.allFaults
}

// answer is called with the lock held. What a transfer writes takes effect even if a fault hides that it did, as on the bus.
func (d *Device) answer(t Transfer) ([]byte, error) {
	report, _ := t.report()
	if t.RequestType&recipient == toInterface && uint8(t.Index) != d.number {
		return nil, usb.ErrStall
	}
	switch t.code() {
	case getInterfaceDescriptor:
		switch t.Value >> 8 {
		case descriptorHID:
			return d.hidDescriptor, nil
		case descriptorReport:
			return d.descriptor, nil
		}
	case getReport:
		if data, ok := d.reports[report]; ok {
			return data, nil
		}
	case setReport:
		if _, ok := d.reports[report]; ok && !d.gone && !d.closed {
			if !d.deaf {
				d.reports[report] = slices.Clone(t.Data)
			}
			return nil, nil
		}
	case setIdle:
		return nil, nil
	}
	if d.gone || d.closed {
		return nil, nil // the caller says which
	}
	return nil, usb.ErrStall
}
