package sim

import (
	"bytes"

	"github.com/upscard/upscard/services/hid"
	"github.com/upscard/upscard/tools/virtups/device"
	"github.com/upscard/upscard/tools/virtups/usbredir"
)

// usbDevice is the UPS as its USB port sees it.
type usbDevice struct{ u *UPS }

var _ usbredir.Device = usbDevice{}

// Port: see usbredir.Device.
func (d usbDevice) Port() usbredir.Port {
	d.u.mu.Lock()
	defer d.u.mu.Unlock()
	all := d.u.descriptors
	p := usbredir.Port{
		Speed: usbredir.FullSpeed, Vendor: d.u.desc.Vendor, Product: d.u.desc.Product, Release: d.u.desc.Release,
		Number: all.Interface, Class: 3, Endpoint: all.Endpoint, MaxPacket: all.MaxPacket, Interval: device.Interval,
	}
	for i, c := range all.Companions {
		other := usbredir.Interface{Number: uint8(i), Class: c.Class, Subclass: c.Subclass, Protocol: c.Protocol}
		for _, e := range c.Endpoints {
			other.Endpoints = append(other.Endpoints, usbredir.Endpoint(e))
		}
		p.Others = append(p.Others, other)
	}
	if d.u.desc.LowSpeed {
		p.Speed = usbredir.LowSpeed
	}
	return p
}

// request is the first two bytes of a set-up packet.
type request struct{ kind, number uint8 }

// requests are those that a HID device answers (USB 2.0, 9.4; HID 1.11, 7.2). Every other is a stall.
var requests = map[request]func(*UPS, usbredir.Control, []byte) ([]byte, bool){
	{0x80, 0x06}:             (*UPS).getDescriptor,
	getDescriptorOfInterface: (*UPS).getInterfaceDescriptor,
	{0x80, 0x00}:             answers(1, 0), // GET_STATUS: self-powered
	{0x81, 0x00}:             answers(0, 0),
	{0x82, 0x00}:             answers(0, 0),
	{0x00, 0x01}:             answers(), // CLEAR_FEATURE
	{0x02, 0x01}:             (*UPS).clearFeature,
	{0x80, 0x08}:             answers(1), // GET_CONFIGURATION
	{0x00, 0x09}:             answers(),
	{0x81, 0x0a}:             answers(0), // GET_INTERFACE
	{0x01, 0x0b}:             answers(),
	getReportRequest:         (*UPS).getReport,
	setReportRequest:         (*UPS).setReport,
	{0xa1, 0x02}:             answers(0), // GET_IDLE: reports come on change
	{0x21, 0x0a}:             answers(),  // SET_IDLE
	{0xa1, 0x03}:             answers(1), // GET_PROTOCOL: report protocol
	{0x21, 0x0b}:             answers(),
}

// answers returns a request that always has the same answer.
func answers(data ...byte) func(*UPS, usbredir.Control, []byte) ([]byte, bool) {
	return func(*UPS, usbredir.Control, []byte) ([]byte, bool) { return data, true }
}

// Control: see usbredir.Device.
func (d usbDevice) Control(c usbredir.Control, data []byte) usbredir.Answer {
	u := d.u
	u.mu.Lock()
	defer u.mu.Unlock()
	u.asked++
	now, o := u.opts.Now(), occasionOf(c, u.seen)
	switch {
	case o.stage == Set:
		u.journal.write(Write{At: now, Kind: o.kind, Data: bytes.Clone(data)})
	case o.stage&Get != 0:
		u.journal.read(Read{At: now, Kind: o.kind, Report: o.report})
	}
	if u.hangs(now) {
		return usbredir.Answer{Delay: usbredir.Never}
	}
	perform := func() usbredir.Answer { return u.perform(c, data, o) }
	if e := u.faults.strike(o, now); e != nil {
		return u.suffer(e, o, perform, now)
	}
	return perform()
}

// perform answers as a device does that is well.
func (u *UPS) perform(c usbredir.Control, data []byte, o occasion) usbredir.Answer {
	do, known := requests[request{c.RequestType, c.Request}]
	if !known || u.foreign(c) {
		return usbredir.Answer{Status: usbredir.Stall}
	}
	answer, ok := do(u, c, data)
	if !ok {
		return usbredir.Answer{Status: usbredir.Stall}
	}
	if o.stage == First {
		u.seen[o] = true
	}
	return usbredir.Answer{Data: answer[:min(len(answer), int(c.Length))]}
}

func (u *UPS) getDescriptor(c usbredir.Control, _ []byte) ([]byte, bool) {
	return u.descriptors.Get(c.Value)
}

func (u *UPS) getInterfaceDescriptor(c usbredir.Control, _ []byte) ([]byte, bool) {
	return u.descriptors.GetOf(uint8(c.Index), c.Value)
}

// foreign reports whether a request is about reports of another interface than the UPS's: it has none.
func (u *UPS) foreign(c usbredir.Control) bool {
	const class, recipient, toInterface = 0x20, 0x1f, 0x01
	return c.RequestType&class != 0 && c.RequestType&recipient == toInterface && uint8(c.Index) != u.descriptors.Interface
}

// reportKind turns GET_REPORT's report type into a kind.
func reportKind(value uint16) (hid.Kind, bool) {
	kind := value>>8 - 1
	return hid.Kind(kind), kind <= uint16(hid.Feature)
}

func (u *UPS) getReport(c usbredir.Control, _ []byte) ([]byte, bool) {
	kind, ok := reportKind(c.Value)
	if !ok || kind == hid.Output {
		return nil, false
	}
	u.advance()
	image := u.reports.answer(kind, uint8(c.Value))
	return bytes.Clone(image), image != nil
}

func (u *UPS) setReport(c usbredir.Control, data []byte) ([]byte, bool) {
	kind, ok := reportKind(c.Value)
	if !ok || kind == hid.Input {
		return nil, false
	}
	u.advance()
	return nil, u.write(kind, uint8(c.Value), data)
}
