package main

import (
	"bytes"
	"compress/gzip"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/upscard/upscard/board"
	"github.com/upscard/upscard/board/rpi"
	"github.com/upscard/upscard/tools/image"
)

const out = "../../images/out"

// Every file of the images that are flashed is, byte for byte, the one that its row names.
func TestContents(t *testing.T) {
	for name, built := range map[string]string{"upscard-rpi.img": out, "upscard-rpi-release.img": filepath.Join(out, "release")} {
		t.Run(name, func(t *testing.T) { compare(t, filepath.Join(out, name), built) })
	}
}

func compare(t *testing.T, path, built string) {
	if _, err := os.Stat(path); os.IsNotExist(err) && os.Getenv("CI") == "" {
		t.Skip("the image is not built: make image, make image RELEASE=1")
	}
	disk, err := image.Open(path, false)
	if err != nil {
		t.Fatal(err)
	}
	defer disk.Close()
	sources, err := board.Sources(t.Context(), rpi.Own(), built)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range rpi.Files {
		want, err := fs.ReadFile(sources[file.From], file.Source())
		if err != nil {
			t.Fatal(err)
		}
		for _, number := range file.On {
			fat, err := disk.FAT(number)
			if err != nil {
				t.Fatal(err)
			}
			got, err := fat.ReadFile(file.Name)
			if err != nil {
				t.Error(err)
				continue
			}
			if file.Gzip {
				got = unzip(t, got)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("partition %d: %s has %d bytes that differ from the %d of its origin: make image", number, file.Name, len(got), len(want))
			}
		}
	}
}

func unzip(t *testing.T, data []byte) []byte {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if z.Name != "" || !z.ModTime.IsZero() {
		t.Errorf("the header of gzip tells name %q and time %v", z.Name, z.ModTime)
	}
	plain, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return plain
}
