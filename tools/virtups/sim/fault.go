package sim

import (
	"bytes"

	"github.com/upscard/upscard/tools/virtups/usbredir"
)

// Fault is a way in which a device fails to answer a GET_REPORT or SET_REPORT.
type Fault uint8

// The faults that can be injected.
const (
	FaultNone    Fault = iota
	FaultStall         // refuses
	FaultSilence       // never answers
	FaultShort         // leaves out the second half
	FaultGarbage       // sets every bit after the report id
	FaultIgnore        // acknowledges a SET_REPORT and does nothing
)

var faultNames = map[string]Fault{
	"none": FaultNone, "stall": FaultStall, "silence": FaultSilence, "short": FaultShort, "garbage": FaultGarbage,
	"ignore": FaultIgnore,
}

// spoil does to an answer what the fault does.
func (f Fault) spoil(answer []byte) []byte {
	switch {
	case f == FaultShort:
		return answer[:len(answer)/2]
	case f == FaultGarbage && len(answer) > 1:
		return append(answer[:1:1], bytes.Repeat([]byte{0xff}, len(answer)-1)...)
	}
	return answer
}

// faultOf is the fault that meets a request. The caller holds mu.
func (u *UPS) faultOf(c usbredir.Control) Fault {
	const getReport, setReport = 0x01, 0x09
	if c.RequestType&0x60 != 0x20 || c.Request != getReport && c.Request != setReport {
		return FaultNone
	}
	return u.faults[uint8(c.Value)]
}

// SetFault makes every access to a report fail in the given way from now on, until it is set to FaultNone.
func (u *UPS) SetFault(id uint8, f Fault) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.setFault(id, f)
}

func (u *UPS) setFault(id uint8, f Fault) {
	if f == FaultNone {
		delete(u.faults, id)
		return
	}
	u.faults[id] = f
}
