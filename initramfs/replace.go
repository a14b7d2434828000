package initramfs

import (
	"bytes"
	"fmt"
	"os"

	"github.com/klauspost/compress/zstd"
	"github.com/u-root/mkuimage/cpio"
)

// Replace writes to file the archive of base, which Build has made, with other binaries in the places of those that it has. All else stays
// byte for byte what it is.
func Replace(file, base string, binaries map[string]string) error {
	archive, err := read(base)
	if err != nil {
		return fmt.Errorf("initramfs %s: %w", base, err)
	}
	for inside, outside := range binaries {
		old, ok := archive.Get(inside)
		if !ok {
			return fmt.Errorf("initramfs %s: has no %s to replace", base, inside)
		}
		data, err := os.ReadFile(outside)
		if err != nil {
			return err
		}
		old.FileSize = uint64(len(data))
		archive.Files[inside] = cpio.StaticRecord(data, old.Info)
	}
	return write(file, archive)
}

func read(file string) (*cpio.Archive, error) {
	packed, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	z, err := zstd.NewReader(nil)
	if err != nil {
		return nil, err
	}
	defer z.Close()
	plain, err := z.DecodeAll(packed, nil)
	if err != nil {
		return nil, err
	}
	return cpio.ArchiveFromReader(cpio.Newc.Reader(bytes.NewReader(plain)))
}
