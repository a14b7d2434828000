package usbhid

import (
	"slices"
	"time"

	"github.com/upscard/upscard/services/hid"
)

// How long a value that cannot be read any more is kept. Then its variable disappears, until it is read again.
const (
	keptPasses = 3           // times the poll frequency
	keptMoving = time.Minute // at most, of what changes quickly while it does
)

// expire drops the values that were not read for too long, and says so once for each report. What the UPS needs for a status is not among
// them: without that the data are stale long before.
func (s *session) expire() {
	now := time.Now()
	for _, c := range []class{status, live, seldom} {
		keep := keptPasses * s.opts.PollFreq
		if c == live && s.model.moving() {
			keep = min(keep, keptMoving)
		}
		for _, k := range s.plan[c] {
			if oldest, dropped := s.model.forget(k, now.Add(-keep)); dropped {
				s.log.Warn("values could not be read for too long and are dropped", "report", k, "age", now.Sub(oldest).Round(time.Second))
			}
		}
	}
}

// forget drops the values of a report that were last read before a time. It reports whether there were any, and when the oldest was read.
func (m *model) forget(k key, before time.Time) (oldest time.Time, dropped bool) {
	for _, f := range m.indexed().feeds[k] {
		if !f.known || !f.at.Before(before) {
			continue
		}
		if f.known = false; !dropped || f.at.Before(oldest) {
			oldest = f.at
		}
		dropped = true
	}
	return oldest, dropped
}

// measured are the usages whose values come and go. A UPS that does not know one, as right after its start, may fill the field with ones: a
// charge of 255 is no full battery.
var measured = []string{"RemainingCapacity", "RunTimeToEmpty", "PercentLoad", "Voltage", "Current", "Frequency", "Temperature"}

// unclamped returns the field with the range that its bits have, if that ends beyond the logical range of something measured.
func unclamped(f *hid.Field) *hid.Field {
	if f.Size < 8 || f.Size > 32 || f.LogicalMin < 0 || f.LogicalMax >= 1<<f.Size-1 || !slices.Contains(measured, f.Usage().String()) {
		return nil
	}
	whole := *f
	whole.LogicalMin, whole.LogicalMax = 0, 1<<f.Size-1
	return &whole
}

// blank reports whether all bits of the field are set in the report, and that means nothing.
func (f feed) blank(report []byte) bool {
	if f.whole == nil {
		return false
	}
	raw, ok := f.whole.Raw(report)
	return ok && raw == f.whole.LogicalMax
}
