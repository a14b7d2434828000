package main

import (
	"cmp"
	"encoding/json"
	"log/slog"

	"github.com/upscard/upscard/services/monitor"
	"github.com/upscard/upscard/services/notify"
	"github.com/upscard/upscard/services/storage"
)

// maxJournal bounds the journal in bytes.
const maxJournal = 256 << 10

// memory is what survives a restart: the journal, which is the policy's state, and the log of events.
type memory struct {
	state  monitor.State // as it was when we started
	save   func([]byte) error
	events *notify.Log
}

// openMemory reads what is kept in a directory. Without one nothing is kept, which is said.
func openMemory(dir string, logger *slog.Logger) (memory, error) {
	if dir == "" {
		logger.Warn("there is no directory for the journal: a restart forgets what goes on")
		return memory{save: func([]byte) error { return nil }, events: notify.InMemory(logger)}, nil
	}
	d, err := storage.Open(dir)
	if err != nil {
		return memory{}, err
	}
	journal, err := d.File("journal", maxJournal, 0o600)
	if err != nil {
		return memory{}, err
	}
	events, err := d.File("events", notify.MaxFile, 0o600)
	if err != nil {
		return memory{}, err
	}
	state, reading, err := storage.Load(journal, func(data []byte) (s monitor.State, err error) { return s, json.Unmarshal(data, &s) })
	if err := cmp.Or(err, reading.Reason); err != nil {
		logger.Error("journal damaged", "read", reading.Version, "err", err)
	}
	for name, q := range state.Sequences {
		logger.Warn("forced shutdown goes on", "of", name, "stage", q.Stage, "reason", q.Reason)
	}
	return memory{state, journal.Save, notify.Open(events, logger)}, nil
}
