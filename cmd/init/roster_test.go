package main

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/upscard/upscard/services/usb"
)

// A seat is the same after a restart, in whatever order the devices then show themselves.
func TestRosterOutlastsRestart(t *testing.T) {
	state := t.TempDir()
	logger := slog.New(slog.DiscardHandler)
	left, right := usb.ID{Vendor: 1, Product: 2, Port: "1-1"}, usb.ID{Vendor: 1, Product: 2, Port: "1-2"}

	kept, roster := openRoster(state, logger)
	for _, id := range []usb.ID{right, left} {
		var err error
		if roster, _, err = roster.Add(id); err != nil {
			t.Fatal(err)
		}
	}
	roster, _, err := roster.Add(usb.ID{Vendor: 3, Product: 4, Port: "1-3"})
	if err != nil {
		t.Fatal(err)
	}
	kept.save(roster.Mark(3, true))
	roster = roster[:2] // what is no UPS is looked at again, behind those that are

	_, again := openRoster(state, logger)
	if !slices.Equal(again, roster) || again.Find(right) != 1 || again.Find(left) != 2 {
		t.Errorf("after a restart the roster is\n%v\nwant\n%v", again, roster)
	}
}

// Damage is said, and does not keep the card from serving.
func TestDamagedRoster(t *testing.T) {
	state := t.TempDir()
	if err := os.MkdirAll(filepath.Join(state, "init"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(state, "init", "roster"), []byte("junk"), 0o644); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	_, roster := openRoster(state, slog.New(slog.NewTextHandler(&log, nil)))
	if len(roster) != 0 || !strings.Contains(log.String(), "roster") {
		t.Errorf("roster %v, log %q", roster, &log)
	}
}

// Without a state partition everything works but the memory.
func TestRosterThatCannotBeKept(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	kept, roster := openRoster(file, slog.New(slog.DiscardHandler))
	if roster != nil {
		t.Errorf("roster %v", roster)
	}
	kept.save(usb.Roster{{Port: "1-1"}})
}
