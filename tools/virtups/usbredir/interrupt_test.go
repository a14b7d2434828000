package usbredir_test

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/upscard/upscard/tools/virtups/usbredir"
	"github.com/upscard/upscard/tools/virtups/usbredir/redirtest"
)

// next asserts the data of the next interrupt packet.
func next(ctx context.Context, t *testing.T, guest *redirtest.Guest, want ...byte) {
	t.Helper()
	got, err := guest.Report(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("report % x, want % x", got, want)
	}
}

func TestReportsWaitForTheGuest(t *testing.T) {
	host, _, guest, ctx := bench(t)
	if _, err := guest.Expect(ctx, usbredir.TypeDeviceConnect); err != nil {
		t.Fatal(err)
	}
	host.Interrupt(usbredir.Report{Key: 1, Data: []byte{1, 0}})
	host.Interrupt(usbredir.Report{Key: 2, Data: []byte{2, 0}})
	host.Interrupt(usbredir.Report{Key: 1, Data: []byte{1, 9}}) // replaces the first
	if err := guest.Receive(ctx, 0x81, true); err != nil {
		t.Fatal(err)
	}
	next(ctx, t, guest, 2, 0)
	next(ctx, t, guest, 1, 9)

	if err := guest.Receive(ctx, 0x81, false); err != nil {
		t.Fatal(err)
	}
	host.Interrupt(usbredir.Report{Key: 3, Data: []byte{3}})
	if err := guest.Send(usbredir.Packet{Type: usbredir.TypeReset}); err != nil {
		t.Fatal(err)
	}
	if err := guest.Receive(ctx, 0x81, true); err != nil {
		t.Fatal(err)
	}
	next(ctx, t, guest, 3)
}

func TestLongReportIsSplit(t *testing.T) {
	host, _, guest, ctx := bench(t)
	if _, err := guest.Expect(ctx, usbredir.TypeDeviceConnect); err != nil {
		t.Fatal(err)
	}
	if err := guest.Receive(ctx, 0x81, true); err != nil {
		t.Fatal(err)
	}
	sent := make(chan struct{})
	host.Interrupt(usbredir.Report{Key: 1, Data: []byte{0, 1, 2, 3, 4, 5, 6, 7, 8}, Sent: func() { close(sent) }})
	next(ctx, t, guest, 0, 1, 2, 3, 4, 5, 6, 7)
	next(ctx, t, guest, 8)
	<-sent
}

func TestUnplugWaitsForTheAcknowledgement(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		host, _, guest, ctx := bench(t)
		if _, err := guest.Expect(ctx, usbredir.TypeDeviceConnect); err != nil {
			t.Fatal(err)
		}
		host.Unplug()
		if p, err := guest.Next(ctx); err != nil || p.Type != usbredir.TypeDeviceDisconnect {
			t.Fatalf("packet type %d, %v, want a disconnect", p.Type, err)
		}
		host.Plug()
		brief, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		if p, err := guest.Next(brief); err == nil {
			t.Errorf("packet type %d came before the acknowledgement", p.Type)
		}
		if err := guest.Send(usbredir.Packet{Type: usbredir.TypeDisconnectAck}); err != nil {
			t.Fatal(err)
		}
		if _, err := guest.Expect(ctx, usbredir.TypeDeviceConnect); err != nil {
			t.Error(err)
		}
	})
}

// A device that was out for less time than the guest needed to look is still seen to have been out.
func TestQuickReplug(t *testing.T) {
	host, _, guest, ctx := bench(t)
	for range 3 {
		if _, err := guest.Expect(ctx, usbredir.TypeDeviceConnect); err != nil {
			t.Fatal(err)
		}
		host.Unplug()
		host.Plug()
		if _, err := guest.Expect(ctx, usbredir.TypeDeviceDisconnect); err != nil {
			t.Fatal(err)
		}
	}
}

func TestInfosBeforeEachStatus(t *testing.T) {
	_, _, guest, ctx := bench(t)
	if _, err := guest.Expect(ctx, usbredir.TypeDeviceConnect); err != nil {
		t.Fatal(err)
	}
	for _, ask := range []struct {
		kind usbredir.Type
		body []byte
	}{{usbredir.TypeSetConfiguration, []byte{1}}, {usbredir.TypeSetAltSetting, []byte{0, 0}}} {
		p, err := guest.Ask(ctx, ask.kind, ask.body)
		if err != nil || p.Body[0] != 0 {
			t.Fatalf("type %d: answer %v, %v", ask.kind, p, err)
		}
		for _, want := range []usbredir.Type{usbredir.TypeEndpointInfo, usbredir.TypeInterfaceInfo} {
			if p, err := guest.Next(ctx); err != nil || p.Type != want {
				t.Errorf("type %d came before the status of type %d, want %d (%v)", p.Type, ask.kind, want, err)
			}
		}
	}
}

// Guests come one after another over a listener; Serve ends with its context.
func TestServe(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	path := filepath.Join(t.TempDir(), "usb")
	ln, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- usbredir.NewHost(&echo{}, slog.New(slog.DiscardHandler)).Serve(ctx, ln) }()
	for range 3 {
		conn, err := net.Dial("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		guest, err := redirtest.Dial(conn)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := guest.Expect(ctx, usbredir.TypeDeviceConnect); err != nil {
			t.Fatal(err)
		}
		guest.Close()
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
