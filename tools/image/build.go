package image

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"github.com/upscard/upscard/board"
	"github.com/upscard/upscard/services/layout"
)

// Epoch is the time that everything in an image is said to be from, in seconds since 1970: 2026-01-01. The library for FAT takes it from
// the environment, as SOURCE_DATE_EPOCH.
const Epoch = "1767225600"

// Recipe is what an image is made of.
type Recipe struct {
	Files    []board.File
	Sources  map[board.Origin]fs.FS
	State    []byte       // the file system of the state partition; nil leaves the partition empty
	Cache    string       // directory of what earlier builds compressed; "" for none
	Progress func(string) // is told, in words, what is being done
}

// Build writes an image to path, at once or not at all. The same files give the same bytes if SOURCE_DATE_EPOCH is set to the same.
func Build(ctx context.Context, path string, r Recipe) error {
	return replace(path, func(f *os.File) error { return r.write(ctx, f) })
}

func (r Recipe) write(ctx context.Context, f *os.File) error {
	if err := f.Truncate(layout.Size); err != nil {
		return err
	}
	if _, err := f.WriteAt(mbr(), 0); err != nil {
		return err
	}
	ready := contents{recipe: r, data: map[source][]byte{}}
	for _, p := range layout.Partitions {
		if p.Type != layout.FAT32 {
			continue
		}
		if err := fill(ctx, f, p, &ready); err != nil {
			return err
		}
	}
	return writeSparse(f, layout.Of(layout.State).Start, r.State)
}

// fill makes the file system of p with its files.
func fill(ctx context.Context, f *os.File, p layout.Partition, ready *contents) error {
	t, err := format(f, p)
	if err != nil {
		return err
	}
	room := p.Size - p.Size/50 // tables, and directories
	var used, count int64
	for _, file := range ready.recipe.Files {
		if !slices.Contains(file.On, p.Number) {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		data, err := ready.of(file)
		if err != nil {
			return fmt.Errorf("%s: %s: %w", t.where, file.Name, err)
		}
		used += (int64(len(data)) + clusterSize - 1) / clusterSize * clusterSize
		count++
		if used > room {
			return fmt.Errorf("%s: %s: no room: %d bytes of %d", t.where, file.Name, used, room)
		}
		if err := t.WriteFile(file.Name, data); err != nil {
			return err
		}
	}
	ready.recipe.Progress(fmt.Sprintf("%-13s  %2d files, %5.1f of %3.0f MB", p.Name, count, float64(used)/1e6, float64(p.Size)/1e6))
	return nil
}

// writeSparse writes data at offset at of a file that reads as zeros there, leaving holes where data has zeros.
func writeSparse(f *os.File, at int64, data []byte) error {
	const block = 4096
	zeros := make([]byte, block)
	for i := 0; i < len(data); i += block {
		part := data[i:min(i+block, len(data))]
		if bytes.Equal(part, zeros[:len(part)]) {
			continue
		}
		if _, err := f.WriteAt(part, at+int64(i)); err != nil {
			return err
		}
	}
	return nil
}
