package sim

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/upscard/upscard/tools/virtups/usbredir"
)

// listen begins to read the interrupt pipe.
func (b *bench) listen() {
	b.Helper()
	if err := b.guest.Receive(b.ctx, b.descriptors.Endpoint, true); err != nil {
		b.Fatal(err)
	}
}

// packet is the next packet of the interrupt pipe, false if none comes in time.
func (b *bench) packet(patience time.Duration) (usbredir.Interrupt, []byte, bool) {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	var head usbredir.Interrupt
	p, err := b.guest.Expect(ctx, usbredir.TypeInterrupt)
	if err != nil {
		return head, nil, false
	}
	data, err := usbredir.Decode(p, &head)
	if err != nil {
		b.Fatal(err)
	}
	return head, data, true
}

// What the interrupt pipe sends when the status changes, as each fault leaves it.
func TestFaultsOfInterrupts(t *testing.T) {
	const packet = 16 // the endpoint's
	for _, c := range []struct {
		fault  Fault
		status usbredir.Status
		want   func(data []byte) bool
	}{
		{FaultStall, usbredir.Stall, nil},
		{FaultIOError, usbredir.IOError, nil},
		{FaultBabble, usbredir.Babble, nil},
		{FaultShort, 0, func(d []byte) bool { return bytes.Equal(d, []byte{0x20}) }},
		{FaultLong, 0, func(d []byte) bool { return len(d) == 3+tooMany && len(d) < packet && d[10] == 0xff }},
		{FaultGarbage, 0, func(d []byte) bool { return bytes.Equal(d, []byte{0x20, 0xff, 0xff}) }},
		{FaultNoise, 0, func(d []byte) bool { return len(d) == 3 && d[0] == 0x20 && !bytes.Equal(d[1:], []byte{4, 1}) }},
	} {
		inBubble(t, c.fault.String(), func(b *bench) {
			b.inject(Rule{Fault: c.fault, Stage: Interrupt, Reports: []uint8{0x20}, Times: 1, Seed: 1})
			b.listen()
			do(t, b.UPS, "mains off")
			for {
				head, data, ok := b.packet(limit)
				if !ok {
					t.Fatal("nothing came")
				}
				if c.want != nil && data[0] != 0x20 {
					continue
				}
				if head.Status != c.status || c.want != nil && !c.want(data) || c.want == nil && len(data) != 0 {
					t.Errorf("%+v, % x", head, data)
				}
				break
			}
			if _, status := b.ask(askings[Steady]); status != usbredir.Success {
				t.Errorf("the control pipe has status %d", status)
			}
		})
	}
}

func TestSilentInterruptPipe(t *testing.T) {
	inBubble(t, "", func(b *bench) {
		do(t, b.UPS, "fault silence interrupt 0x20")
		b.listen()
		do(t, b.UPS, "mains off")
		others := 0
		for {
			_, data, ok := b.packet(limit)
			if !ok {
				break
			}
			if others++; data[0] == 0x20 {
				t.Fatalf("% x", data)
			}
		}
		if others == 0 {
			t.Error("other reports were kept back too")
		}
	})
}

// An error of the pipe is there although there is nothing to report, ten times a second.
func TestErrorsKeepComing(t *testing.T) {
	inBubble(t, "", func(b *bench) {
		do(t, b.UPS, "fault ioerror interrupt for 1s")
		b.listen()
		start, errors := time.Now(), 0
		for {
			head, _, ok := b.packet(2 * time.Second)
			if !ok {
				break
			}
			if errors++; head.Status != usbredir.IOError || time.Since(start) > time.Second {
				t.Errorf("%+v after %v", head, time.Since(start))
			}
		}
		if errors < 8 || errors > 10 {
			t.Errorf("%d errors", errors)
		}
	})
}

// A stall halts the pipe, until the host clears that.
func TestHaltLasts(t *testing.T) {
	inBubble(t, "", func(b *bench) {
		do(t, b.UPS, "fault stall interrupt times 1")
		b.listen()
		do(t, b.UPS, "mains off")
		for range 5 {
			if head, _, ok := b.packet(limit); !ok || head.Status != usbredir.Stall {
				t.Fatalf("%+v, came %v", head, ok)
			}
		}
		if _, _, err := b.guest.Control(b.ctx, 0x02, 1, 0, uint16(b.descriptors.Endpoint), 0, nil); err != nil {
			t.Fatal(err)
		}
		do(t, b.UPS, "mains on")
		for {
			head, data, ok := b.packet(limit)
			if !ok {
				t.Fatal("nothing came after the halt was cleared")
			}
			if head.Status == usbredir.Success && data[0] == 0x20 {
				break
			}
		}
	})
}

// A flood is as fast as the endpoint's interval allows, and meets the other faults of the pipe.
func TestFlood(t *testing.T) {
	inBubble(t, "", func(b *bench) {
		do(t, b.UPS, "fault flood for 1s")
		do(t, b.UPS, "fault garbage interrupt 0x20")
		b.listen()
		count, garbage := 0, 0
		for {
			_, data, ok := b.packet(2 * time.Second)
			if !ok {
				break
			}
			count++
			if data[0] != 0x20 {
				continue
			}
			if garbage++; data[1] != 0xff {
				t.Errorf("% x", data)
			}
		}
		if count < 80 || count > 100 || garbage < 10 {
			t.Errorf("%d reports, %d of them garbage", count, garbage)
		}
	})
}
