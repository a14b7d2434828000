package image

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"github.com/upscard/upscard/board"
)

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
	kept := filepath.Join(c.recipe.Cache, fmt.Sprintf("%s-%x.gz", runtime.Version(), sha256.Sum256(data)))
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
