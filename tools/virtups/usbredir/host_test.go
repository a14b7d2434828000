package usbredir_test

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"testing"
	"time"

	"github.com/upscard/upscard/tools/virtups/usbredir"
	"github.com/upscard/upscard/tools/virtups/usbredir/redirtest"
)

// echo answers a read with the low byte of value, repeated; request 0xff it stalls, 0xfe it never answers, 0xfd value seconds late.
type echo struct {
	wrote  []byte
	resets int
	asked  int
}

var _ usbredir.Device = (*echo)(nil)

func (e *echo) Port() usbredir.Port {
	return usbredir.Port{
		Speed: usbredir.FullSpeed, Vendor: 0x1209, Product: 1, Release: 0x0102, Class: 3,
		Endpoint: 0x81, MaxPacket: 8, Interval: 10,
	}
}

func (e *echo) Reset() { e.resets++ }

func (e *echo) Control(c usbredir.Control, data []byte) usbredir.Answer {
	e.asked++
	switch {
	case c.Request == 0xff:
		return usbredir.Answer{Status: usbredir.Stall}
	case c.Request == 0xfe:
		return usbredir.Answer{Delay: usbredir.Never}
	case c.Request == 0xfd:
		return usbredir.Answer{Data: []byte{1}, Delay: time.Duration(c.Value) * time.Second}
	case c.In():
		return usbredir.Answer{Data: bytes.Repeat([]byte{byte(c.Value)}, 100)}
	}
	e.wrote = bytes.Clone(data)
	return usbredir.Answer{}
}

// bench joins a host with an echo device to a fake guest.
func bench(t *testing.T, caps ...usbredir.Capability) (*usbredir.Host, *echo, *redirtest.Guest, context.Context) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	device := &echo{}
	host := usbredir.NewHost(device, slog.New(slog.DiscardHandler))
	near, far := net.Pipe()
	done := make(chan error, 1)
	go func() { done <- host.Attach(ctx, near) }()
	guest, err := redirtest.Dial(far, caps...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		guest.Close()
		if err := <-done; err != nil {
			t.Errorf("Attach: %v", err)
		}
		cancel()
	})
	return host, device, guest, ctx
}

func TestConnectOrder(t *testing.T) {
	_, _, guest, ctx := bench(t)
	for _, want := range []struct {
		kind   usbredir.Type
		length int
	}{{usbredir.TypeEndpointInfo, 160}, {usbredir.TypeInterfaceInfo, 132}, {usbredir.TypeDeviceConnect, 10}} {
		p, err := guest.Next(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if p.Type != want.kind || len(p.Body) != want.length {
			t.Fatalf("packet type %d of %d bytes, want type %d of %d", p.Type, len(p.Body), want.kind, want.length)
		}
	}
}

func TestEndpointSlots(t *testing.T) {
	_, _, guest, ctx := bench(t)
	p, err := guest.Expect(ctx, usbredir.TypeEndpointInfo)
	if err != nil {
		t.Fatal(err)
	}
	var ep usbredir.EndpointInfo
	if _, err := usbredir.Decode(p, &ep); err != nil {
		t.Fatal(err)
	}
	for i, kind := range ep.Type {
		want := map[int]uint8{0: 0, 16: 0, 17: 3}
		if w, ok := want[i]; !ok && kind != 255 || ok && kind != w {
			t.Errorf("slot %d has type %d", i, kind)
		}
	}
	if ep.MaxPacket[17] != 8 || ep.Interval[17] != 10 {
		t.Errorf("interrupt endpoint: packet %d, interval %d", ep.MaxPacket[17], ep.Interval[17])
	}
}

// A peer without our capabilities gets the shorter packets and headers.
func TestOldPeer(t *testing.T) {
	_, _, guest, ctx := bench(t, usbredir.CapFilter)
	for _, want := range []int{96, 132, 8} {
		p, err := guest.Next(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if len(p.Body) != want {
			t.Errorf("packet type %d has %d bytes, want %d", p.Type, len(p.Body), want)
		}
	}
	data, status, err := guest.Control(ctx, 0x80, 1, 7, 0, 2, nil)
	if err != nil || status != usbredir.Success || !bytes.Equal(data, []byte{7, 7}) {
		t.Errorf("control: % x, status %d, %v", data, status, err)
	}
}

func TestControl(t *testing.T) {
	_, device, guest, ctx := bench(t)
	data, status, err := guest.Control(ctx, 0xa1, 1, 0x0305, 0, 3, nil)
	if err != nil || status != usbredir.Success || !bytes.Equal(data, []byte{5, 5, 5}) {
		t.Errorf("read: % x, status %d, %v", data, status, err)
	}
	if _, status, err = guest.Control(ctx, 0x21, 9, 0x0305, 0, 0, []byte{5, 1}); err != nil || status != usbredir.Success {
		t.Errorf("write: status %d, %v", status, err)
	}
	if !bytes.Equal(device.wrote, []byte{5, 1}) {
		t.Errorf("device got % x", device.wrote)
	}
	if _, status, err = guest.Control(ctx, 0x80, 0xff, 0, 0, 8, nil); err != nil || status != usbredir.Stall {
		t.Errorf("stall: status %d, %v", status, err)
	}
}

// A transfer that is never answered is cancelled by the guest, and the next one works.
func TestSilenceAndCancel(t *testing.T) {
	_, _, guest, ctx := bench(t)
	brief, cancel := context.WithTimeout(ctx, 10*time.Millisecond)
	defer cancel()
	if _, status, err := guest.Control(brief, 0x80, 0xfe, 0, 0, 8, nil); err != nil || status != usbredir.TimedOut {
		t.Fatalf("silent transfer: status %d, %v", status, err)
	}
	if _, status, err := guest.Control(ctx, 0x80, 1, 0, 0, 8, nil); err != nil || status != usbredir.Success {
		t.Fatalf("next transfer: status %d, %v", status, err)
	}
}
