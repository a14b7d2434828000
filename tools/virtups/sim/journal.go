package sim

import (
	"slices"
	"sync"
	"time"

	"github.com/upscard/upscard/services/hid"
)

// Report is an interrupt report that reached the guest.
type Report struct {
	Data    []byte
	Changed time.Time // when the model changed
	Sent    time.Time // when the guest's controller took it
}

// Write is a SET_REPORT of the guest, whether or not it was accepted.
type Write struct {
	At   time.Time
	Kind hid.Kind
	Data []byte
}

// Read is a GET_REPORT of the guest, whether or not it was answered.
type Read struct {
	At     time.Time
	Kind   hid.Kind
	Report uint8
}

// journalSize bounds each list of the journal; the oldest entries go first.
const journalSize = 4096

// journal remembers the traffic for tests.
type journal struct {
	mu      sync.Mutex
	reports []Report
	writes  []Write
	reads   []Read
}

func (j *journal) report(r Report) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.reports = bounded(j.reports, r)
}

func (j *journal) write(w Write) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.writes = bounded(j.writes, w)
}

func (j *journal) read(r Read) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.reads = bounded(j.reads, r)
}

func bounded[T any](list []T, entry T) []T {
	if len(list) >= journalSize {
		list = slices.Delete(list, 0, journalSize/4)
	}
	return append(list, entry)
}

// Reports are the interrupt reports that were sent lately, the oldest first.
func (u *UPS) Reports() []Report {
	u.journal.mu.Lock()
	defer u.journal.mu.Unlock()
	return slices.Clone(u.journal.reports)
}

// Writes are the SET_REPORTs that came lately, the oldest first.
func (u *UPS) Writes() []Write {
	u.journal.mu.Lock()
	defer u.journal.mu.Unlock()
	return slices.Clone(u.journal.writes)
}

// Reads are the GET_REPORTs that came lately, the oldest first.
func (u *UPS) Reads() []Read {
	u.journal.mu.Lock()
	defer u.journal.mu.Unlock()
	return slices.Clone(u.journal.reads)
}
