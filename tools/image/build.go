package image

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
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

// source identifies what a file of an image is made from.
type source struct {
	from board.Origin
	path string
	gzip bool
}

// contents holds what was read: both systems have the same files.
type contents struct {
	recipe Recipe
	data   map[source][]byte
}

func (c *contents) of(file board.File) ([]byte, error) {
	key := source{file.From, file.Source(), file.Gzip}
	if data, ok := c.data[key]; ok {
		return data, nil
	}
	data, err := fs.ReadFile(c.recipe.Sources[file.From], key.path)
	if err != nil {
		return nil, err
	}
	if key.gzip {
		if data, err = c.compress(file.Name, data); err != nil {
			return nil, err
		}
	}
	c.data[key] = data
	return data, nil
}

// compress packs data with gzip, or takes what an earlier build packed: a kernel takes ten seconds and seldom changes.
func (c *contents) compress(name string, data []byte) ([]byte, error) {
	if c.recipe.Cache == "" {
		return packed(data), nil
	}
	kept := filepath.Join(c.recipe.Cache, fmt.Sprintf("%x.gz", sha256.Sum256(data)))
	if ready, err := os.ReadFile(kept); err == nil {
		return ready, nil
	}
	c.recipe.Progress("compressing    " + name)
	ready := packed(data)
	if err := os.MkdirAll(c.recipe.Cache, 0o755); err != nil {
		return nil, err
	}
	return ready, replace(kept, func(f *os.File) error {
		_, err := f.Write(ready)
		return err
	})
}

// packed returns data as gzip writes it, without name or time.
func packed(data []byte) []byte {
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		panic(err) // the level is a constant
	}
	z.Write(data) // to memory: cannot fail
	z.Close()
	return b.Bytes()
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
