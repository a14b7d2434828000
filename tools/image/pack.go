package image

import (
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/klauspost/compress/zstd"
)

// window is how far back the packed image may refer, in bytes: from system B to system A, which is the same. 128 MB is the
// largest that every zstd unpacks unasked.
const window = 128 << 20

// Pack writes path, compressed, to path.zst, at once or not at all.
func Pack(path string) error {
	in, err := os.Open(path)
	if err != nil {
		return err
	}
	defer in.Close()
	return replace(path+".zst", func(w *os.File) error {
		// One encoder thread: the bytes do not depend on the number of cores.
		z, err := zstd.NewWriter(w, zstd.WithEncoderLevel(zstd.SpeedBetterCompression), zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(window))
		if err != nil {
			return err
		}
		if _, err := io.Copy(z, in); err != nil {
			return err
		}
		return z.Close()
	})
}

// Sum writes the SHA-256 sums of the files to path, as sha256sum does: with their names but not their directories.
func Sum(path string, files ...string) error {
	return replace(path, func(w *os.File) error {
		for _, name := range files {
			f, err := os.Open(name)
			if err != nil {
				return err
			}
			h := sha256.New()
			_, err = io.Copy(h, f)
			f.Close()
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			if _, err := fmt.Fprintf(w, "%x  %s\n", h.Sum(nil), filepath.Base(name)); err != nil {
				return err
			}
		}
		return nil
	})
}

// replace writes a file by way of a temporary name beside it.
func replace(path string, write func(*os.File) error) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	defer f.Close()
	if err := write(f); err != nil {
		return err
	}
	if err := f.Chmod(0o644); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
