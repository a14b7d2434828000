package sim

import (
	"bytes"
	"math/rand/v2"

	"github.com/upscard/upscard/tools/virtups/usbredir"
)

// Fault is a way in which a device fails.
type Fault uint8

// The faults that can be injected. What of a SET_REPORT is not acknowledged was not carried out either, but for a late one.
const (
	FaultNone      Fault = iota
	FaultStall           // refuses; the interrupt pipe goes on to until the host clears its halt
	FaultIOError         // garbles the transfer itself: the host's controller sees a transaction error
	FaultBabble          // sends more than was asked for: the controller cuts it off
	FaultLate            // answers later, by Rule.Delay
	FaultSilence         // never answers this one
	FaultHang            // never answers this one nor any other, until it is reset or plugged in anew, or Rule.For is over
	FaultShort           // leaves out the second half
	FaultLong            // sends eight bytes more than it has; they are seen where they were asked for
	FaultGarbage         // sets every bit after the report id
	FaultNoise           // sends random bytes after the report id, from Rule.Seed
	FaultIgnore          // acknowledges a SET_REPORT and does nothing
	FaultUnplug          // is pulled out in the middle of the transfer
	FaultReset           // drops off in the middle of the transfer, and is back after Rule.Delay
	FaultReaddress       // drops off in the middle of the transfer and is back at once, with another address
	FaultSwap            // is another model from now on, for Rule.Delay where that is not 0
	FaultFlood           // sends interrupt reports as fast as the host asks for them
)

// kind is all that there is to know of a fault: its name, where it can strike, what the device does.
type kind struct {
	fault Fault
	name  string
	meets Stage
	help  string
}

var kinds = []kind{
	{FaultStall, "stall", everything, "refuse; the interrupt pipe until the host clears its halt"},
	{FaultIOError, "ioerror", everything, "garble the transfer on the wire"},
	{FaultBabble, "babble", everything &^ Set, "send more than was asked for, which the host's controller cuts off"},
	{FaultLate, "late", Control, "answer late, by the delay (2s)"},
	{FaultSilence, "silence", everything &^ poll, "never answer this one"},
	{FaultHang, "hang", Control, "never answer this one nor any other, until a reset or plug, or the time is over"},
	{FaultShort, "short", readable, "leave out the second half"},
	{FaultLong, "long", readable, "send eight bytes too many"},
	{FaultGarbage, "garbage", readable, "set all bits after the report id"},
	{FaultNoise, "noise", readable, "send random bytes after the report id, by the seed"},
	{FaultIgnore, "ignore", Set, "acknowledge a write and do nothing"},
	{FaultUnplug, "unplug", Control, "be pulled out in mid transfer"},
	{FaultReset, "reset", Control, "drop off in mid transfer, and be back after the delay (1s)"},
	{FaultReaddress, "readdress", Control, "drop off in mid transfer, and be back at once with another address"},
	{FaultSwap, "swap", Control, "come back as the model of as, for the delay or for good"},
	{FaultFlood, "flood", poll, "send interrupt reports as fast as they are asked for"},
}

// String is the fault's name.
func (f Fault) String() string {
	for _, k := range kinds {
		if k.fault == f {
			return k.name
		}
	}
	return "none"
}

// meets is where the fault can strike.
func (f Fault) meets() Stage {
	for _, k := range kinds {
		if k.fault == f {
			return k.meets
		}
	}
	return 0
}

// status is what a transfer ends with that the fault breaks on the wire.
func (f Fault) status() (status usbredir.Status, broken bool) {
	status, broken = map[Fault]usbredir.Status{
		FaultStall: usbredir.Stall, FaultIOError: usbredir.IOError, FaultBabble: usbredir.Babble,
	}[f]
	return status, broken
}

// tooMany is by how much a long answer is too long, in bytes.
const tooMany = 8

// spoil does to an answer what the fault does. The first head bytes keep their values.
func (f Fault) spoil(answer []byte, head int, random *rand.Rand) []byte {
	head = min(head, len(answer))
	switch f {
	case FaultShort:
		return answer[:len(answer)/2]
	case FaultLong:
		return append(answer[:len(answer):len(answer)], bytes.Repeat([]byte{0xff}, tooMany)...)
	case FaultGarbage:
		return append(answer[:head:head], bytes.Repeat([]byte{0xff}, len(answer)-head)...)
	case FaultNoise:
		answer = bytes.Clone(answer)
		for i := head; i < len(answer); i++ {
			answer[i] = byte(random.Uint32())
		}
	}
	return answer
}
