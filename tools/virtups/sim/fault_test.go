package sim

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/upscard/upscard/tools/virtups/devices"
	"github.com/upscard/upscard/tools/virtups/usbredir"
	"github.com/upscard/upscard/tools/virtups/usbredir/redirtest"
)

// limit is how long the test's host waits for an answer.
const limit = time.Second

// asking is one request of a stage.
type asking struct {
	kind, number  uint8
	value, length uint16
	data          []byte
}

// Report 0x04 has two bytes behind its id; its delay of 120 s is not an order for the load.
var askings = map[Stage]asking{
	Enumeration: {0x80, 6, 0x0100, 18, nil},
	Descriptor:  {0x81, 6, 0x2200, 64, nil},
	First:       {0xa1, 1, 0x0304, 64, nil},
	Steady:      {0xa1, 1, 0x0304, 64, nil},
	Set:         {0x21, 9, 0x0304, 0, []byte{4, 90, 0}},
}

// bench is a UPS and the guest that it is plugged into.
type bench struct {
	*testing.T
	*UPS
	guest *redirtest.Guest
	ctx   context.Context
}

// inBubble runs a test with a UPS that is plugged in and sends its interrupt reports.
func inBubble(t *testing.T, name string, test func(b *bench)) {
	t.Run(name, func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			u := open(t, devices.Default, Options{})
			guest, ctx := plugged(t, u)
			test(&bench{t, u, guest, ctx})
		})
	})
}

func (b *bench) inject(r Rule) {
	b.Helper()
	if err := b.Inject(r); err != nil {
		b.Fatal(err)
	}
}

func (b *bench) ask(a asking) ([]byte, usbredir.Status) {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, limit)
	defer cancel()
	data, status, err := b.guest.Control(ctx, a.kind, a.number, a.value, 0, a.length, a.data)
	if err != nil {
		b.Fatal(err)
	}
	return data, status
}

// expect asserts that the next packet of a kind comes.
func (b *bench) expect(want usbredir.Type) {
	b.Helper()
	if _, err := b.guest.Expect(b.ctx, want); err != nil {
		b.Fatal(err)
	}
}

// outcome is what a request must end with. The whole answer is what a healthy device gives.
type outcome struct {
	status usbredir.Status
	answer func(whole []byte) []byte // nil for none
	moves  bool                      // the device drops off the bus
}

func sameAnswer(whole []byte) []byte { return whole }

var outcomes = map[Fault]outcome{
	FaultStall:   {status: usbredir.Stall},
	FaultIOError: {status: usbredir.IOError},
	FaultBabble:  {status: usbredir.Babble},
	FaultLate:    {status: usbredir.TimedOut},
	FaultSilence: {status: usbredir.TimedOut},
	FaultHang:    {status: usbredir.TimedOut},
	FaultShort:   {answer: func(whole []byte) []byte { return whole[:len(whole)/2] }},
	FaultLong:    {answer: func(whole []byte) []byte { return append(bytes.Clone(whole), bytes.Repeat([]byte{0xff}, 8)...) }},
	FaultGarbage: {answer: func(whole []byte) []byte {
		return append(bytes.Clone(whole[:1]), bytes.Repeat([]byte{0xff}, len(whole)-1)...)
	}},
	FaultNoise:     {answer: func(whole []byte) []byte { return FaultNoise.spoil(whole, 1, rand.New(rand.NewPCG(9, 9))) }},
	FaultIgnore:    {answer: sameAnswer},
	FaultUnplug:    {status: usbredir.IOError, moves: true},
	FaultReset:     {status: usbredir.IOError, moves: true},
	FaultReaddress: {status: usbredir.IOError, moves: true},
	FaultSwap:      {status: usbredir.IOError, moves: true},
}

// Every fault at every stage of the control pipe that it can meet.
func TestFaultsOfControlTransfers(t *testing.T) {
	for _, k := range kinds {
		for stage, a := range askings {
			if k.meets&stage != 0 {
				inBubble(t, fmt.Sprint(k.name, " ", stage), func(b *bench) { b.fails(k.fault, stage, a) })
			}
		}
	}
}

// fails lets one request of a stage fail: it does in the fault's way, the one before it and the one after it do not.
func (b *bench) fails(fault Fault, stage Stage, a asking) {
	other, err := devices.Open("plain-600")
	if err != nil {
		b.Fatal(err)
	}
	before := a
	if stage == Set {
		before.data = []byte{4, 120, 0}
	}
	whole, status := b.ask(before)
	if status != usbredir.Success || b.Struck() != 0 {
		b.Fatalf("status %d, struck %d times before there is a fault", status, b.Struck())
	}
	if stage == First {
		b.reset() // what was read is read for the first time again
	}
	b.inject(Rule{Fault: fault, Stage: stage, Times: 1, Seed: 9, As: other})
	want := outcomes[fault]
	got, status := b.ask(a)
	if status != want.status || want.answer != nil && !bytes.Equal(got, want.answer(whole)[:min(len(want.answer(whole)), int(a.length))]) {
		b.Errorf("% x, status %d; want %d", got, status, want.status)
	}
	if b.Struck() != 1 {
		b.Errorf("struck %d times", b.Struck())
	}
	if done := b.Model().LowRuntime == 90*time.Second; stage == Set && (done != (fault == FaultLate) || len(b.Writes()) != 2) {
		b.Errorf("carried out: %v, writes %v", done, b.Writes())
	}
	b.recover(fault, want.moves)
	if got, status := b.ask(a); status != usbredir.Success || !bytes.Equal(got, whole) {
		b.Errorf("% x, status %d after the fault", got, status)
	}
}

// recover brings the device back from a fault that is more than one answer.
func (b *bench) recover(fault Fault, moves bool) {
	b.Helper()
	if fault == FaultHang {
		if _, status := b.ask(askings[Enumeration]); status != usbredir.TimedOut {
			b.Errorf("status %d while it hangs", status)
		}
		b.reset()
	}
	if !moves {
		return
	}
	b.expect(usbredir.TypeDeviceDisconnect)
	switch fault {
	case FaultUnplug:
		b.Heal()
	case FaultSwap:
		b.expect(usbredir.TypeDeviceConnect)
		if got, _ := b.ask(askings[Enumeration]); got[10] != 2 {
			b.Errorf("came back as % x, want product 2", got)
		}
		b.Heal()
	}
	b.expect(usbredir.TypeDeviceConnect)
}

// reset is the guest's reset of the port.
func (b *bench) reset() {
	b.Helper()
	if err := b.guest.Send(usbredir.Packet{Type: usbredir.TypeReset}); err != nil {
		b.Fatal(err)
	}
}

// The third GET of report 0x16 stalls, and no other.
func TestThirdReadStalls(t *testing.T) {
	inBubble(t, "", func(b *bench) {
		do(t, b.UPS, "fault stall get 0x04 after 2 times 1")
		other := askings[Steady]
		other.value = 0x0303
		for i := 1; i < 6; i++ {
			if _, status := b.ask(askings[Steady]); (status == usbredir.Stall) != (i == 3) {
				t.Errorf("read %d: status %d", i, status)
			}
			if _, status := b.ask(other); status != usbredir.Success {
				t.Errorf("another report: status %d", status)
			}
		}
	})
}

// Everything comes too late for 4 s.
func TestAllLateForAWhile(t *testing.T) {
	inBubble(t, "", func(b *bench) {
		do(t, b.UPS, "fault late any for 4s")
		for start := time.Now(); time.Since(start) < 6*time.Second; {
			for stage, a := range askings {
				faulty := time.Since(start) < 4*time.Second
				if _, status := b.ask(a); (status == usbredir.TimedOut) != faulty {
					t.Errorf("%v after %v: status %d", stage, time.Since(start), status)
				}
				time.Sleep(10 * time.Millisecond)
			}
		}
	})
}

// A hang with a limit in time ends by itself, one without ends with the plug, and while it lasts nothing is reported.
func TestHang(t *testing.T) {
	inBubble(t, "", func(b *bench) {
		do(t, b.UPS, "fault hang for 2s")
		b.ask(askings[Steady])
		if _, status := b.ask(askings[Enumeration]); status != usbredir.TimedOut {
			t.Errorf("status %d", status)
		}
		if _, status := b.ask(askings[Steady]); status != usbredir.Success {
			t.Errorf("status %d after 2 s", status)
		}
		do(t, b.UPS, "fault hang times 1")
		b.ask(askings[Steady])
		if err := b.guest.Receive(b.ctx, b.descriptors.Endpoint, true); err != nil {
			t.Fatal(err)
		}
		do(t, b.UPS, "mains off")
		if n := len(b.Reports()); n != 0 {
			t.Errorf("%d reports of a device that hangs", n)
		}
		do(t, b.UPS, "reset")
		b.expect(usbredir.TypeDeviceConnect)
		if _, status := b.ask(askings[Steady]); status != usbredir.Success {
			t.Errorf("status %d after the plug", status)
		}
	})
}

// A device that is another model for a while is itself again after it, and its load's past is not lost.
func TestSwapForAWhile(t *testing.T) {
	inBubble(t, "", func(b *bench) {
		do(t, b.UPS, "power off")
		do(t, b.UPS, "mains off")
		do(t, b.UPS, "fault swap as plain-600 delay 2s times 1")
		b.ask(askings[Steady])
		b.expect(usbredir.TypeDeviceConnect)
		if got := do(t, b.UPS, "status"); !strings.Contains(got[0], "1209:0002") || !strings.Contains(got[1], "off") {
			t.Errorf("%q", got)
		}
		b.expect(usbredir.TypeDeviceConnect)
		if got := do(t, b.UPS, "status"); !strings.Contains(got[0], "1209:0001") || len(b.Model().Cuts) != 1 {
			t.Errorf("%q, cuts %v", got, b.Model().Cuts)
		}
	})
}

// A device that a fault has taken away is listed as such, and a person's plug ends it.
func TestAway(t *testing.T) {
	inBubble(t, "", func(b *bench) {
		do(t, b.UPS, "fault reset times 1 delay 1h")
		b.ask(askings[Steady])
		b.expect(usbredir.TypeDeviceDisconnect)
		if got := do(t, b.UPS, "fault"); len(got) != 1 || got[0] != "The device is away." {
			t.Errorf("%q", got)
		}
		do(t, b.UPS, "plug")
		b.expect(usbredir.TypeDeviceConnect)
		if got := do(t, b.UPS, "fault"); got[0] != "No faults." {
			t.Errorf("%q", got)
		}
	})
}

// A device is sick from the fault's first moment until nothing of it is left, or it is healed.
func TestSick(t *testing.T) {
	other, err := devices.Open("plain-600")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		rule  Rule
		after bool // it is sick after the fault has struck once
	}{
		{Rule{Fault: FaultStall, Stage: Get, Times: 1}, false},
		{Rule{Fault: FaultStall, Stage: Get, Times: 2}, true},
		{Rule{Fault: FaultHang, Stage: Get, Times: 1}, true},
		{Rule{Fault: FaultUnplug, Stage: Get, Times: 1}, true},
		{Rule{Fault: FaultReset, Stage: Get, Times: 1, Delay: time.Hour}, true},
		{Rule{Fault: FaultReaddress, Stage: Get, Times: 1}, false},
		{Rule{Fault: FaultSwap, Stage: Get, Times: 1, As: other}, true},
	} {
		u := open(t, devices.Default, Options{})
		if u.Sick() {
			t.Fatal("a new device is sick")
		}
		if err := u.Inject(c.rule); err != nil {
			t.Fatal(err)
		}
		if !u.Sick() {
			t.Errorf("%v: not sick with the fault in force", c.rule)
		}
		usbDevice{u}.Control(usbredir.Control{Endpoint: 0x80, RequestType: 0xa1, Request: 1, Value: 0x0303, Length: 8}, nil)
		if got := u.Sick(); got != c.after {
			t.Errorf("%v: sick is %v after it struck", c.rule, got)
		}
		if u.Heal(); u.Sick() {
			t.Errorf("%v: sick after it was healed", c.rule)
		}
	}
}
