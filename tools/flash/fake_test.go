package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/klauspost/compress/zstd"

	"github.com/upscard/upscard/board"
	"github.com/upscard/upscard/services/layout"
	"github.com/upscard/upscard/tools/image"
)

const sample = "# a comment\n[ups.rack]\n"

// systems is how much of the partitions after the first one is left in a test's image, in bytes; it is no multiple of a chunk.
const systems = 9<<20 + 512

// smallImage is a card's image, but short. Callers do not change it.
func smallImage(t *testing.T) []byte {
	t.Helper()
	content, err := built()
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// built makes the image once for all tests.
var built = sync.OnceValues(func() ([]byte, error) {
	if err := os.Setenv("SOURCE_DATE_EPOCH", image.Epoch); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "flash-test-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "whole.img")
	err = image.Build(context.Background(), path, image.Recipe{
		Files:    []board.File{{On: []int{layout.Config}, Name: configFile, From: board.Own}},
		Sources:  map[board.Origin]fs.FS{board.Own: fstest.MapFS{configFile: &fstest.MapFile{Data: []byte(sample)}}},
		Progress: func(string) {},
	})
	if err != nil {
		return nil, err
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return shorten(content), nil
})

// shorten leaves out what follows the first part of system A.
func shorten(content []byte) []byte {
	system := layout.Of(layout.SystemA)
	content = content[:system.Start+systems]
	binary.LittleEndian.PutUint32(content[446+16+12:], systems/sector)
	clear(content[446+32 : 510])
	for i := range systems {
		content[int(system.Start)+i] = byte(i ^ i>>9)
	}
	return content
}

func pack(t *testing.T, content []byte) []byte {
	t.Helper()
	z, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return z.EncodeAll(content, nil)
}

// memory is a device that goes wrong as a test wants.
type memory struct {
	data    []byte
	worn    int64 // the byte at this place forgets what was written; -1 is none
	failAt  int64 // writing here fails
	onWrite func(at int64)
	cached  bool // what was not yet forgotten would be read from memory
	closed  bool
}

var _ target = (*memory)(nil)

func (m *memory) WriteAt(p []byte, at int64) (int, error) {
	if m.failAt > 0 && at >= m.failAt {
		return 0, errors.New("input/output error")
	}
	m.onWrite(at)
	m.cached = true
	return copy(m.data[at:], p), nil
}

func (m *memory) ReadAt(p []byte, at int64) (int, error) {
	n := copy(p, m.data[at:])
	if m.worn >= at && m.worn < at+int64(n) && !m.cached {
		p[m.worn-at] ^= 1
	}
	return n, nil
}

func (m *memory) Sync() error   { return nil }
func (m *memory) Forget() error { m.cached = false; return nil }
func (m *memory) Close() error  { m.closed = true; return nil }

// bench is a flasher whose device mmcblk0 is in memory.
type bench struct {
	flasher
	card        *memory
	out, stderr bytes.Buffer
	path        string // of the image
}

func newBench(t *testing.T, img []byte) *bench {
	t.Helper()
	b := &bench{card: &memory{data: bytes.Repeat([]byte{0xaa}, 60<<20), worn: -1, onWrite: func(int64) {}}, path: filepath.Join(t.TempDir(), "card.img")}
	if err := os.WriteFile(b.path, img, 0o644); err != nil {
		t.Fatal(err)
	}
	open := func(path string, exclusive bool) (target, error) {
		if filepath.Base(path) != "mmcblk0" || !exclusive {
			t.Errorf("opens %s, exclusive %v", path, exclusive)
		}
		return b.card, nil
	}
	b.flasher = flasher{host: fakeHost(t), in: strings.NewReader("mmcblk0\n"), out: &b.out, open: open}
	return b
}

func (b *bench) run(ctx context.Context, args ...string) int {
	return run(ctx, b.flasher, append(args, b.path, "mmcblk0"), &b.stderr)
}
