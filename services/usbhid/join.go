package usbhid

import (
	"slices"
	"time"

	"github.com/upscard/upscard/services/hid"
)

// together is the longest pause between two packets of one report: the pipe is polled each 10 ms or so.
const together = 100 * time.Millisecond

// joiner puts reports together that are longer than the endpoint's packets (USB 2.0, 5.7.3: all but the last are full).
type joiner struct {
	declared func(report []byte) int // length of the report that begins so, 0 if there is none

	part []byte
	full int // length of the first packet
	last time.Time
}

// add takes the next packet and returns the report that it begins or completes, nil for one in between. The first
// packet of a long report is returned by itself as well: it may be all that a device sends of it, and what is in it
// must not wait.
func (j *joiner) add(packet []byte, now time.Time) []byte {
	if j.part != nil && now.Sub(j.last) < together {
		j.part, j.last = append(j.part, packet...), now
		if want := j.declared(j.part); len(j.part) < want && len(packet) == j.full {
			return nil
		}
		report := j.part
		j.part = nil
		return report
	}
	j.part = nil
	if n := len(packet); n >= 8 && n&(n-1) == 0 && n < j.declared(packet) { // sizes of full packets
		j.part, j.full, j.last = slices.Clone(packet), n, now
	}
	return slices.Clone(packet)
}

// numbered reports whether the device numbers its reports.
func (m *model) numbered() bool {
	return slices.ContainsFunc(m.points, func(p *point) bool { return p.field().ReportID != 0 })
}

// reportID returns the id that a report begins with, 0 where the device numbers none.
func (m *model) reportID(report []byte) uint8 {
	if m.numbered() {
		return report[0]
	}
	return 0
}

// inputLen is the declared length of an input report that begins so.
func (m *model) inputLen(report []byte) int {
	return m.descriptor.ReportLen(hid.Input, m.reportID(report))
}
