package sim_test

import (
	"context"
	"fmt"
	"time"
	"unicode/utf16"

	"github.com/upscard/upscard/services/usb"
	"github.com/upscard/upscard/tools/virtups/device"
	"github.com/upscard/upscard/tools/virtups/usbredir"
	"github.com/upscard/upscard/tools/virtups/usbredir/redirtest"
)

// port is a simulated UPS as the project's own driver sees it, with a fake guest in the place of QEMU and a kernel.
type port struct {
	ctx   context.Context
	guest *redirtest.Guest
	id    usb.ID
	iface uint8
}

var _ usb.Device = (*port)(nil)

func (p *port) ID() usb.ID            { return p.id }
func (p *port) Interface() uint8      { return p.iface }
func (p *port) HIDDescriptor() []byte { return nil }
func (p *port) Close() error          { return nil }

func (p *port) Control(requestType, request uint8, value, index uint16, data []byte) (int, error) {
	ctx, cancel := context.WithTimeout(p.ctx, time.Second)
	defer cancel()
	var out []byte
	if requestType&0x80 == 0 {
		out = data
	}
	answer, status, err := p.guest.Control(ctx, requestType, request, value, index, uint16(len(data)), out)
	switch {
	case err != nil:
		return 0, fmt.Errorf("%w: %v", usb.ErrGone, err)
	case status == usbredir.TimedOut:
		return 0, usb.ErrTimeout
	case status != usbredir.Success:
		return 0, usb.ErrStall
	case out != nil:
		return len(out), nil
	}
	return copy(data, answer), nil
}

func (p *port) String(index uint8) (string, error) {
	buf := make([]byte, 255)
	n, err := p.Control(0x80, 6, 0x0300|uint16(index), 0x0409, buf)
	if err != nil {
		return "", err
	}
	var units []uint16
	for i := 2; i+1 < n; i += 2 {
		units = append(units, uint16(buf[i])|uint16(buf[i+1])<<8)
	}
	return string(utf16.Decode(units)), nil
}

func (p *port) Interrupt(ctx context.Context, packet []byte) (int, error) {
	for {
		next, err := p.guest.Next(ctx)
		switch {
		case ctx.Err() != nil:
			return 0, ctx.Err()
		case err != nil || next.Type == usbredir.TypeDeviceDisconnect:
			return 0, usb.ErrGone
		case next.Type == usbredir.TypeInterrupt:
			var head usbredir.Interrupt
			data, err := usbredir.Decode(next, &head)
			return copy(packet, data), err
		}
	}
}

// identify is what the kernel would tell of the device.
func identify(d *device.Description) usb.ID {
	return usb.ID{
		Vendor: d.Vendor, Product: d.Product, Release: d.Release, Port: "1-1", Bus: 1, Address: 2,
		Manufacturer: d.Manufacturer, ProductName: d.Model, Serial: d.Serial,
	}
}
