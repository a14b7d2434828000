package image

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/upscard/upscard/board"
	"github.com/upscard/upscard/board/rpi"
	"github.com/upscard/upscard/services/layout"
)

var update = flag.Bool("update", false, "write the golden manifest anew")

const golden = "../../images/rpi.manifest"

// small returns the board's recipe with a few bytes in place of each file.
func small(files []board.File) Recipe {
	sources := map[board.Origin]fs.FS{}
	for _, origin := range []board.Origin{board.Own, board.Built, board.FirmwareModule, board.KernelModule} {
		all := fstest.MapFS{}
		for _, f := range files {
			if f.From == origin {
				all[f.Source()] = &fstest.MapFile{Data: fmt.Appendf(nil, "%d %s\n", origin, strings.Repeat(f.Source(), 100))}
			}
		}
		sources[origin] = all
	}
	return Recipe{Files: files, Sources: sources, State: bytes.Repeat([]byte("state"), 1<<12), Progress: func(string) {}}
}

func build(t *testing.T, r Recipe) string {
	t.Helper()
	t.Setenv("SOURCE_DATE_EPOCH", Epoch)
	path := filepath.Join(t.TempDir(), "card.img")
	if err := Build(t.Context(), path, r); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestBuildTwice(t *testing.T) {
	var sums [2][]byte
	for i := range sums {
		path := build(t, small(rpi.Files))
		if err := Pack(path); err != nil {
			t.Fatal(err)
		}
		if err := Sum(path+".sha256", path, path+".zst"); err != nil {
			t.Fatal(err)
		}
		var err error
		if sums[i], err = os.ReadFile(path + ".sha256"); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(sums[0], sums[1]) {
		t.Errorf("two builds differ:\n%s%s", sums[0], sums[1])
	}
}

func TestDisk(t *testing.T) {
	path := build(t, small(rpi.Files))
	info, err := os.Stat(path)
	if err != nil || info.Size() != layout.Size {
		t.Fatalf("size %d: %v", info.Size(), err)
	}
	d, err := Open(path, false)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if d.ID() != layout.DiskID {
		t.Errorf("disk identifier %#x, want %#x", d.ID(), layout.DiskID)
	}
	for i, p := range layout.Partitions {
		if got := d.parts[i]; got != (extent{p.Type, p.Start, p.Size}) {
			t.Errorf("partition %d is %+v, want %+v", p.Number, got, p)
		}
		if p.Type != layout.FAT32 {
			continue
		}
		fat, err := d.FAT(p.Number)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.TrimSpace(fat.fs.Label()); got != p.Label {
			t.Errorf("partition %d is called %q, want %q", p.Number, got, p.Label)
		}
	}
}

// Nothing gets onto the card, or off it, unseen.
func TestManifest(t *testing.T) {
	d, err := Open(build(t, small(rpi.Files)), false)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	got := manifest(t, d)
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("the image holds\n%s\nbut %s says\n%s\n(go test ./tools/image -update)", got, golden, want)
	}
}

// manifest lists the files by partition.
func manifest(t *testing.T, d *Disk) string {
	t.Helper()
	var b strings.Builder
	for _, p := range layout.Partitions {
		fmt.Fprintf(&b, "%d %s\n", p.Number, p.Label)
		if p.Type != layout.FAT32 {
			continue
		}
		fat, err := d.FAT(p.Number)
		if err != nil {
			t.Fatal(err)
		}
		names, err := fat.List()
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			fmt.Fprintf(&b, "  %s\n", name)
		}
	}
	return b.String()
}

func TestBuildErrors(t *testing.T) {
	t.Setenv("SOURCE_DATE_EPOCH", Epoch)
	row := func(name string) []board.File {
		return []board.File{{On: []int{layout.SystemA}, Name: name, From: board.Own}}
	}
	large := func(name string, size int) Recipe {
		r := small(row(name))
		r.Sources[board.Own] = fstest.MapFS{name: &fstest.MapFile{Data: make([]byte, size)}}
		return r
	}
	missing := small(row("vmlinuz"))
	missing.Sources[board.Own] = fstest.MapFS{}
	for name, tc := range map[string]struct {
		recipe Recipe
		want   string
	}{
		"missing": {missing, "partition 2 (UPSCARD-A): vmlinuz: open vmlinuz: file does not exist"},
		"large":   {large("vmlinuz", 66<<20), "partition 2 (UPSCARD-A): vmlinuz: no room: 69206016 bytes of 65766687"},
		"empty":   {large("vmlinuz", 0), "partition 2 (UPSCARD-A): vmlinuz: an empty file cannot be written"},
		"deep":    {small(row("a/b/c")), "partition 2 (UPSCARD-A): a/b/c: only the root directory may have directories"},
	} {
		path := filepath.Join(t.TempDir(), "card.img")
		if err := Build(t.Context(), path, tc.recipe); err == nil || err.Error() != tc.want {
			t.Errorf("%s: %v, want %s", name, err, tc.want)
		}
		if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: something was left: %v", name, err)
		}
	}
}
