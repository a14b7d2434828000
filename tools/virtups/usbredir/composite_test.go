package usbredir_test

import (
	"context"
	"log/slog"
	"net"
	"testing"
	"time"

	"github.com/upscard/upscard/tools/virtups/usbredir"
	"github.com/upscard/upscard/tools/virtups/usbredir/redirtest"
)

// composite is an echo device that reports on its interface 2.
type composite struct{ echo }

func (c *composite) Port() usbredir.Port {
	p := c.echo.Port()
	p.Number, p.Endpoint = 2, 0x82
	p.Others = []usbredir.Interface{
		{Number: 0, Class: 2, Subclass: 2, Protocol: 1, Endpoints: []usbredir.Endpoint{{Address: 0x81, Attributes: 3, Interval: 64, MaxPacket: 16}}},
		{Number: 1, Class: 10, Endpoints: []usbredir.Endpoint{{Address: 0x02, Attributes: 2, MaxPacket: 64}, {Address: 0x83, Attributes: 2, MaxPacket: 64}}},
	}
	return p
}

func TestComposite(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	host := usbredir.NewHost(&composite{}, slog.New(slog.DiscardHandler))
	near, far := net.Pipe()
	done := make(chan error, 1)
	go func() { done <- host.Attach(ctx, near) }()
	guest, err := redirtest.Dial(far)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		guest.Close()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}()

	var ep usbredir.EndpointInfo
	var in usbredir.InterfaceInfo
	for _, part := range []struct {
		kind usbredir.Type
		into any
	}{{usbredir.TypeEndpointInfo, &ep}, {usbredir.TypeInterfaceInfo, &in}} {
		p, err := guest.Expect(ctx, part.kind)
		if err == nil {
			_, err = usbredir.Decode(p, part.into)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	type endpoint struct {
		kind, owner uint8
		packet      uint16
	}
	for slot, want := range map[int]endpoint{2: {2, 1, 64}, 17: {3, 0, 16}, 18: {3, 2, 8}, 19: {2, 1, 64}, 20: {255, 0, 0}} {
		if got := (endpoint{ep.Type[slot], ep.Interface[slot], ep.MaxPacket[slot]}); got != want {
			t.Errorf("endpoint in slot %d: %v, want %v", slot, got, want)
		}
	}
	if in.Count != 3 || [3]uint8(in.Number[:]) != [3]uint8{0, 1, 2} || [3]uint8(in.Class[:]) != [3]uint8{2, 10, 3} {
		t.Errorf("interfaces %+v", in)
	}

	for ask, want := range map[[2]uint8]uint8{{2, 0}: 0, {0, 0}: 0, {2, 1}: uint8(usbredir.Stall), {3, 0}: uint8(usbredir.Stall)} {
		p, err := guest.Ask(ctx, usbredir.TypeSetAltSetting, ask[:])
		if err != nil || p.Body[0] != want {
			t.Errorf("setting %d of interface %d: %v, %v", ask[1], ask[0], p.Body, err)
		}
	}
	if err := guest.Receive(ctx, 0x81, true); err != nil { // it stays silent
		t.Error(err)
	}
	if err := guest.Receive(ctx, 0x82, true); err != nil {
		t.Fatal(err)
	}
	host.Interrupt(usbredir.Report{Key: 1, Data: []byte{1, 9}})
	p, err := guest.Expect(ctx, usbredir.TypeInterrupt)
	var head usbredir.Interrupt
	if err == nil {
		_, err = usbredir.Decode(p, &head)
	}
	if err != nil || head.Endpoint != 0x82 {
		t.Errorf("report on endpoint %#02x, %v", head.Endpoint, err)
	}
}
