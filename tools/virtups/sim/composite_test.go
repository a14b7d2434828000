package sim_test

import (
	"context"
	"errors"
	"testing"

	"github.com/upscard/upscard/services/usb"
	"github.com/upscard/upscard/services/usbhid"
	"github.com/upscard/upscard/tools/virtups/devices"
	"github.com/upscard/upscard/tools/virtups/sim"
	"github.com/upscard/upscard/tools/virtups/usbredir"
	"github.com/upscard/upscard/tools/virtups/usbredir/redirtest"
)

// The power device of a composite device answers on its own interface, the others say what they are and no more.
func TestComposite(t *testing.T) {
	d, err := devices.Open("composite-600")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	u, ln, served := sim.New(d, sim.Options{}), newPipeListener(), make(chan error, 1)
	go func() { served <- u.Serve(ctx, ln) }()
	defer func() {
		cancel()
		if err := <-served; err != nil {
			t.Error(err)
		}
	}()
	guest, err := redirtest.Dial(ln.dial())
	if err != nil {
		t.Fatal(err)
	}
	defer guest.Close()
	if _, err := guest.Expect(ctx, usbredir.TypeDeviceConnect); err != nil {
		t.Fatal(err)
	}
	for number := range uint8(5) {
		p := &port{ctx, guest, identify(d), number}
		_, err := usbhid.Open(ctx, p, usbhid.Options{})
		switch {
		case number == 2 && !errors.Is(err, usbhid.ErrNoPowerDevice), number == 3 && err != nil, number != 2 && number != 3 && !errors.Is(err, usb.ErrStall):
			t.Errorf("interface %d: %v", number, err)
		}
		const getReport, charge, setIdle = 1, 0x0301, 10
		if _, err := p.Control(0xa1, getReport, charge, uint16(number), make([]byte, 2)); (err == nil) != (number == 3) {
			t.Errorf("interface %d: report 1: %v", number, err)
		}
		if _, err := p.Control(0x21, setIdle, 0, uint16(number), nil); (err == nil) != (number == 3) {
			t.Errorf("interface %d: SET_IDLE: %v", number, err)
		}
	}
}
