// Package notify tells people and machines of events, however long it takes.
//
// Events are an ordered log, kept in one file of services/storage; it is the queue too: each way out has a place in it, from which it goes on
// after a restart. An event may be told twice, after a crash. What is so old that the log has dropped it is not told, and that is said.
package notify

import (
	"cmp"
	"encoding/json"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/upscard/upscard/services/storage"
)

// Bounds of the log.
const (
	MaxEvents = 256
	MaxText   = 512       // bytes of one event's text
	MaxFile   = 512 << 10 // bytes
)

// Event is something that happened.
type Event struct {
	Seq  uint64    `json:"seq"` // counts by one from 1: a reader sees what it missed
	Time time.Time `json:"time"`
	Type string    `json:"type"` // a word, as ONBATT
	UPS  string    `json:"ups,omitempty"`
	Text string    `json:"text"`
}

// content is what the file holds.
type content struct {
	Last   uint64            `json:"last"` // number of the newest event ever
	Events []Event           `json:"events"`
	Told   map[string]uint64 `json:"told"` // by way: the last event that it need not be told
}

// Log is the ordered log of events. It is safe for use by several goroutines.
type Log struct {
	save   func([]byte) error
	logger *slog.Logger

	mu      sync.Mutex
	content content
	changed chan struct{} // closed by the next Add
	unsaved bool
}

// Open returns the log that a file holds. A damaged one is said, and begun anew.
func Open(file *storage.File, logger *slog.Logger) *Log {
	old, reading, err := storage.Load(file, func(data []byte) (c content, err error) { return c, json.Unmarshal(data, &c) })
	if err := cmp.Or(err, reading.Reason); err != nil {
		logger.Error("log of events damaged", "read", reading.Version, "err", err)
	}
	return newLog(old, file.Save, logger)
}

// InMemory returns a log that a restart forgets.
func InMemory(logger *slog.Logger) *Log {
	return newLog(content{}, func([]byte) error { return nil }, logger)
}

func newLog(c content, save func([]byte) error, logger *slog.Logger) *Log {
	if c.Told == nil {
		c.Told = make(map[string]uint64)
	}
	return &Log{save: save, logger: logger, content: c, changed: make(chan struct{})}
}

// Add appends events, numbers them, and returns once they survive a power cut, or cannot be made to.
func (l *Log) Add(events ...Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range events {
		l.content.Last++
		e.Seq = l.content.Last
		e.Text = e.Text[:min(len(e.Text), MaxText)]
		l.content.Events = append(l.content.Events, e)
	}
	if n := len(l.content.Events) - MaxEvents; n > 0 {
		l.content.Events = slices.Clone(l.content.Events[n:])
	}
	l.unsaved = true
	l.keep()
	close(l.changed)
	l.changed = make(chan struct{})
}

// Events returns those that are kept, the oldest first.
func (l *Log) Events() []Event {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.content.Events)
}

// keep saves what is not saved yet. The caller holds mu.
func (l *Log) keep() {
	if !l.unsaved {
		return
	}
	data, err := json.Marshal(l.content)
	if err == nil {
		err = l.save(data)
	}
	if err != nil {
		l.logger.Error("events would not survive a restart", "err", err)
		return
	}
	l.unsaved = false
}

// next returns the oldest event that a way has not been told, with the number of those that were dropped before it; and else what is closed when
// there is one. A way that is new begins with what comes.
func (l *Log) next(way string) (e Event, dropped uint64, more <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	told, known := l.content.Told[way]
	if !known || told > l.content.Last {
		told = l.content.Last
		l.content.Told[way] = told
	}
	for _, e := range l.content.Events {
		if e.Seq > told {
			return e, e.Seq - told - 1, nil
		}
	}
	return Event{}, 0, l.changed
}

// told notes that a way has been told all up to an event. That is saved with the next event, or by Flush: the disk is written rarely.
func (l *Log) told(way string, seq uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.content.Told[way] = seq
	l.unsaved = true
}

// Flush saves what is not saved yet.
func (l *Log) Flush() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.keep()
}

// retain forgets the ways that there are no more.
func (l *Log) retain(ways []Way) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for name := range l.content.Told {
		if !slices.ContainsFunc(ways, func(w Way) bool { return w.Name == name }) {
			delete(l.content.Told, name)
		}
	}
}
