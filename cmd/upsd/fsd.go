package main

import (
	"log/slog"
	"strings"

	"github.com/upscard/upscard/services/nut"
	"github.com/upscard/upscard/services/storage"
)

// maxFSDText bounds the file in bytes: every name that there can be.
const maxFSDText = 16 << 10

// fsdFile keeps the UPSes that have FSD set, one name a line.
type fsdFile struct{ *storage.File }

var _ nut.Keeper = fsdFile{}

// Save implements nut.Keeper.
func (f fsdFile) Save(names []string) error {
	text := ""
	for _, name := range names {
		text += name + "\n"
	}
	return f.File.Save([]byte(text))
}

// resumeFSD takes FSD up where the last upsd left it, and has it kept from now on. A file that cannot be read is no reason to serve
// nobody; the version before may still say of a shutdown that has begun.
func resumeFSD(host *nut.Host, dir string, logger *slog.Logger) {
	if dir == "" {
		return
	}
	file, err := openFSD(dir)
	if err != nil {
		logger.Error("FSD will not survive a restart", "err", err)
		return
	}
	reading, err := file.Load()
	if err == nil {
		err = reading.Reason
	}
	if err != nil {
		logger.Error("what is kept of FSD is damaged", "read", reading.Version, "err", err)
	}
	names := strings.Fields(string(reading.Data))
	for _, name := range names {
		logger.Warn("FSD goes on", "ups", name)
	}
	host.Registry.Resume(names)
	host.Keeper = file
}

func openFSD(path string) (fsdFile, error) {
	file, err := openState(path, "fsd", maxFSDText)
	return fsdFile{file}, err
}

// openState returns a file of the directory that survives a restart. Nothing is written to any before all are opened.
func openState(path, name string, limit int) (*storage.File, error) {
	dir, err := storage.Open(path)
	if err != nil {
		return nil, err
	}
	return dir.File(name, limit, 0o600)
}
