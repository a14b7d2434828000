package sim

import (
	"fmt"
	"strings"

	"github.com/upscard/upscard/services/hid"
	"github.com/upscard/upscard/tools/virtups/usbredir"
)

// Stage is a set of places in a device's life where a fault can strike.
type Stage uint8

// The stages. A report is read first until it was answered rightly once since the device was plugged in or its port was reset.
const (
	Enumeration Stage = 1 << iota // standard requests, and those of the class that only set up
	Descriptor                    // the HID and the report descriptor
	First                         // GET_REPORT for the first time
	Steady                        // GET_REPORT from then on
	Set                           // SET_REPORT
	Interrupt                     // each interrupt report
	poll                          // a tenth of a second of the host's asking for interrupt reports

	Get     = First | Steady
	Reports = Get | Set
	Control = Enumeration | Descriptor | Reports

	readable   = Enumeration | Descriptor | Get | Interrupt
	everything = Control | Interrupt | poll
)

// stageNames are the words of the control protocol, the wider ones first.
var stageNames = []struct {
	name  string
	stage Stage
}{
	{"any", Control}, {"reports", Reports}, {"get", Get}, {"enumeration", Enumeration}, {"descriptor", Descriptor}, {"first", First},
	{"steady", Steady}, {"set", Set}, {"interrupt", Interrupt},
}

// String is the fewest words for the stages.
func (s Stage) String() string {
	if s&poll != 0 {
		s = s&^poll | Interrupt
	}
	var names []string
	for _, n := range stageNames {
		if s&n.stage == n.stage {
			names = append(names, n.name)
			s &^= n.stage
		}
	}
	return strings.Join(names, " ")
}

// occasion is one chance for a fault to strike.
type occasion struct {
	stage  Stage
	kind   hid.Kind // of the report
	report uint8    // its id; 0 where the stage has no reports
}

// reported reports whether the occasion is about a report.
func (o occasion) reported() bool { return o.stage&(Reports|Interrupt|poll) != 0 }

// head is how many bytes of an answer are spared by garbage: a report's id, a descriptor's length.
func (o occasion) head() int {
	if o.reported() && o.report == 0 {
		return 0
	}
	return 1
}

// HID's requests (HID 1.11, 7.2) and USB's, by request type and request.
var (
	getDescriptorOfInterface = request{0x81, 0x06}
	getReportRequest         = request{0xa1, 0x01}
	setReportRequest         = request{0x21, 0x09}
)

// occasionOf tells what a control transfer is. The seen reports are those that were answered before.
func occasionOf(c usbredir.Control, seen map[occasion]bool) occasion {
	o := occasion{kind: hid.Kind(c.Value>>8 - 1), report: uint8(c.Value)}
	switch (request{c.RequestType, c.Request}) {
	case getDescriptorOfInterface:
		return occasion{stage: Descriptor}
	case setReportRequest:
		o.stage = Set
	case getReportRequest:
		if o.stage = First; seen[o] {
			o.stage = Steady
		}
	default:
		return occasion{stage: Enumeration}
	}
	return o
}

// describe is what a rule says of the reports it is about.
func describe(ids []uint8) string {
	words := make([]string, len(ids))
	for i, id := range ids {
		words[i] = fmt.Sprintf("0x%02x", id)
	}
	return strings.Join(words, " ")
}
