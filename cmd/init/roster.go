package main

import (
	"errors"
	"log/slog"
	"path/filepath"

	"github.com/upscard/upscard/services/storage"
	"github.com/upscard/upscard/services/usb"
)

// keptRoster is the roster on the state partition, by which a UPS keeps its seat, and so its name, over a restart.
type keptRoster struct {
	file   *storage.File // nil where it cannot be kept
	logger *slog.Logger
}

// openRoster reads what was kept, but for what was no UPS: it is looked at anew, behind the UPSes that are known. What cannot be read is said: seats are then given anew, in port order.
func openRoster(state string, logger *slog.Logger) (*keptRoster, usb.Roster) {
	k := &keptRoster{logger: logger}
	dir, err := storage.Open(filepath.Join(state, "init"))
	if err == nil {
		k.file, err = dir.File("roster", usb.MaxRosterText, 0o644)
	}
	if err != nil {
		logger.Error("seats of UPSes are not kept over a restart", "err", err)
		return k, nil
	}
	roster, reading, err := storage.Load(k.file, func(data []byte) (usb.Roster, error) { return usb.ParseRoster(string(data)) })
	if err := errors.Join(err, reading.Reason); err != nil {
		logger.Error("kept seats of UPSes", "version", reading.Version, "err", err)
	}
	return k, roster.UPSes()
}

// save keeps the roster. It writes only what has changed.
func (k *keptRoster) save(r usb.Roster) {
	if k.file == nil {
		return
	}
	if err := k.file.Save([]byte(r.String())); err != nil {
		k.logger.Error("seats of UPSes are not kept", "err", err)
	}
}
