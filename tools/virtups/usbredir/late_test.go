package usbredir_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/upscard/upscard/tools/virtups/usbredir"
	"github.com/upscard/upscard/tools/virtups/usbredir/redirtest"
)

// ask does a request of the echo device's with a limit in time.
func ask(ctx context.Context, t *testing.T, guest *redirtest.Guest, request uint8, value uint16, limit time.Duration) ([]byte, usbredir.Status) {
	t.Helper()
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	data, status, err := guest.Control(ctx, 0x80, request, value, 0, 8, nil)
	if err != nil {
		t.Fatal(err)
	}
	return data, status
}

// An answer that comes late is an answer, unless the guest has cancelled the transfer by then: that is answered with the cancellation alone.
func TestLateAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, _, guest, ctx := bench(t)
		if _, err := guest.Expect(ctx, usbredir.TypeDeviceConnect); err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		if data, status := ask(ctx, t, guest, 0xfd, 2, 5*time.Second); len(data) != 1 || status != usbredir.Success || time.Since(start) != 2*time.Second {
			t.Errorf("% x, status %d after %v", data, status, time.Since(start))
		}
		const id = 1000
		setup := usbredir.Control{Endpoint: 0x80, RequestType: 0x80, Request: 0xfd, Value: 2, Length: 8}
		for _, p := range []usbredir.Packet{{Type: usbredir.TypeControl, ID: id, Body: usbredir.Encode(setup, nil)}, {Type: usbredir.TypeCancel, ID: id}} {
			if err := guest.Send(p); err != nil {
				t.Fatal(err)
			}
		}
		p, err := guest.Expect(ctx, usbredir.TypeControl)
		if err != nil || p.ID != id {
			t.Fatalf("packet %+v, %v", p, err)
		}
		if _, err := usbredir.Decode(p, &setup); err != nil || setup.Status != usbredir.Cancelled {
			t.Errorf("%+v, %v", setup, err)
		}
		brief, cancel := context.WithTimeout(ctx, 4*time.Second)
		defer cancel()
		if p, err := guest.Next(brief); err == nil {
			t.Errorf("packet %+v came after the cancellation", p)
		}
	})
}

// A transfer that waits when the device goes fails, and the device that comes back knows nothing of it.
func TestUnplugInMidTransfer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		host, device, guest, ctx := bench(t)
		if _, err := guest.Expect(ctx, usbredir.TypeDeviceConnect); err != nil {
			t.Fatal(err)
		}
		answered := make(chan usbredir.Status, 1)
		go func() {
			_, status := ask(ctx, t, guest, 0xfd, 3, 9*time.Second)
			answered <- status
		}()
		time.Sleep(time.Second)
		host.Unplug()
		host.Plug()
		if _, err := guest.Expect(ctx, usbredir.TypeDeviceConnect); err != nil {
			t.Fatal(err)
		}
		if got := <-answered; got != usbredir.IOError {
			t.Errorf("status %d", got)
		}
		if device.resets != 2 {
			t.Errorf("the device was powered on %d times", device.resets)
		}
	})
}

// A device that was pulled out in mid transfer fails whatever the guest tries, and the guest hears of it once it rests, resets the port, or after
// a second.
func TestTrail(t *testing.T) {
	const pause = 50 * time.Millisecond
	for _, c := range []struct {
		tries      int
		reset      bool // in the place of another try
		from, upTo time.Duration
	}{
		{0, false, trailQuiet, trailQuiet},
		{4, false, trailQuiet + 4*pause, trailQuiet + 4*pause},
		{4, true, 5 * pause, 5 * pause},
		{100, false, time.Second, time.Second + trailQuiet},
	} {
		synctest.Test(t, func(t *testing.T) {
			host, device, guest, ctx := bench(t)
			if _, err := guest.Expect(ctx, usbredir.TypeDeviceConnect); err != nil {
				t.Fatal(err)
			}
			const waiting = 1000
			setup := usbredir.Control{Endpoint: 0x80, RequestType: 0x80, Request: 0xfe, Length: 8} // never answered
			body := usbredir.Encode(setup, nil)
			if err := guest.Send(usbredir.Packet{Type: usbredir.TypeControl, ID: waiting, Body: body}); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			asked := device.asked
			begin := time.Now()
			host.Unplug()
			failed := 0
			for id := uint64(waiting); ; {
				p, err := guest.Next(ctx)
				if err != nil {
					t.Fatal(err)
				}
				if p.Type == usbredir.TypeDeviceDisconnect {
					break
				}
				if _, err := usbredir.Decode(p, &setup); p.ID != id || err != nil || setup.Status != usbredir.IOError {
					t.Fatalf("packet %+v, %+v, %v", p, setup, err)
				}
				again := usbredir.Packet{Type: usbredir.TypeControl, ID: id + 1, Body: body}
				if failed++; failed > c.tries {
					again = usbredir.Packet{Type: usbredir.TypeReset}
				}
				if failed > c.tries && !c.reset {
					continue
				}
				time.Sleep(pause)
				id++
				if err := guest.Send(again); err != nil {
					t.Fatal(err)
				}
			}
			if took := time.Since(begin); took < c.from || took > c.upTo {
				t.Errorf("%d tries: the guest heard of it after %v", c.tries, took)
			}
			left := time.Now()
			if err := guest.Send(usbredir.Packet{Type: usbredir.TypeDisconnectAck}); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			host.Plug()
			if _, err := guest.Expect(ctx, usbredir.TypeDeviceConnect); err != nil {
				t.Fatal(err)
			}
			if gap := time.Since(left); gap != 0 && !c.reset || gap != 500*time.Millisecond && c.reset {
				t.Errorf("reset %v: the next device was there after %v", c.reset, gap)
			}
			if failed != min(c.tries+1, 20) || device.asked != asked {
				t.Errorf("%d of %d tries failed; a device that had left was asked %d times", failed, c.tries, device.asked-asked)
			}
		})
	}
}

const trailQuiet = 100 * time.Millisecond

func TestPortReset(t *testing.T) {
	_, device, guest, ctx := bench(t)
	if err := guest.Send(usbredir.Packet{Type: usbredir.TypeReset}); err != nil {
		t.Fatal(err)
	}
	ask(ctx, t, guest, 1, 0, time.Second) // the reset came before it
	if device.resets != 2 {
		t.Errorf("%d resets, want that of the plugging and the guest's", device.resets)
	}
}

// A failing interrupt pipe gives one packet without data; copies are packets of their own.
func TestFailingReport(t *testing.T) {
	host, _, guest, ctx := bench(t)
	if _, err := guest.Expect(ctx, usbredir.TypeDeviceConnect); err != nil {
		t.Fatal(err)
	}
	if err := guest.Receive(ctx, 0x81, true); err != nil {
		t.Fatal(err)
	}
	host.Interrupt(usbredir.Report{Key: 1, Data: []byte{1, 2}, Status: usbredir.IOError})
	p, err := guest.Expect(ctx, usbredir.TypeInterrupt)
	if err != nil {
		t.Fatal(err)
	}
	var head usbredir.Interrupt
	if data, err := usbredir.Decode(p, &head); err != nil || head.Status != usbredir.IOError || head.Length != 0 || len(data) != 0 {
		t.Errorf("%+v, % x, %v", head, data, err)
	}
	host.Interrupt(usbredir.Report{Key: 1, Data: []byte{7}, Copies: 3})
	for range 3 {
		next(ctx, t, guest, 7)
	}
}
