package main

import (
	"cmp"
	"context"
	"encoding/json"
	"log/slog"
	"time"

	"github.com/upscard/upscard/services/mdns"
	"github.com/upscard/upscard/services/storage"
)

// maxNames bounds the file of names in bytes.
const maxNames = 4 << 10

// keepPause is the least time between two writes: who objects to every name shall not wear out the disk.
const keepPause = 10 * time.Minute

// keeper keeps the names that another machine made us take, so that the card is found by them after a restart too.
type keeper struct {
	file   *storage.File // nil keeps nothing
	wanted mdns.Names
	last   mdns.Names // as they are kept
	saved  time.Time
	log    *slog.Logger
}

// record is the file's content. Names that were taken in place of others than those wanted now mean nothing.
type record struct{ Wanted, Taken mdns.Names }

// openNames reads what is kept in a directory. "" keeps nothing.
func openNames(dir string, wanted mdns.Names, log *slog.Logger) (*keeper, error) {
	k := &keeper{wanted: wanted, last: wanted, log: log}
	if dir == "" {
		return k, nil
	}
	d, err := storage.Open(dir)
	if err != nil {
		return nil, err
	}
	k.file, err = d.File("names", maxNames, 0o600)
	if err != nil {
		return nil, err
	}
	r, reading, err := storage.Load(k.file, func(data []byte) (r record, err error) { return r, json.Unmarshal(data, &r) })
	if err := cmp.Or(err, reading.Reason); err != nil {
		log.Warn("names are those of the configuration", "read", reading.Version, "err", err)
	}
	if r.Wanted == wanted && r.Taken.Host != "" && r.Taken.Instance != "" {
		k.last = r.Taken
	}
	return k, nil
}

// run keeps the names that are sent, until ctx ends: a disk may take its time, and nobody is to wait for it.
func (k *keeper) run(ctx context.Context, names <-chan mdns.Names) {
	last := k.last
	for {
		select {
		case last = <-names:
		case <-time.After(keepPause): // what came too soon
		case <-ctx.Done():
			return
		}
		k.keep(last)
	}
}

// keep writes names that have been found to be free.
func (k *keeper) keep(n mdns.Names) {
	if n == k.last || k.file == nil || !k.saved.IsZero() && time.Since(k.saved) < keepPause {
		return
	}
	k.saved = time.Now()
	data, err := json.Marshal(record{k.wanted, n})
	if err == nil {
		err = k.file.Save(append(data, '\n'))
	}
	if err != nil {
		k.log.Error("names are not kept", "err", err)
		return
	}
	k.last = n
}
