package card

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"os"
	"path"
	"slices"

	"github.com/u-root/mkuimage/cpio"
)

// withFiles puts an archive with more files in front of the card's own. The kernel unpacks one after the other
// (Documentation/driver-api/early-userspace/buffer-format.rst).
func withFiles(initramfs []byte, files map[string][]byte) ([]byte, error) {
	if len(files) == 0 {
		return initramfs, nil
	}
	var archive bytes.Buffer
	w := cpio.Newc.Writer(&archive)
	made := map[string]bool{".": true}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		mode := uint64(0o644)
		if bytes.HasPrefix(files[name], []byte("\x7fELF")) {
			mode = 0o755
		}
		records := []cpio.Record{cpio.StaticFile(name, string(files[name]), mode)}
		for parent := path.Dir(name); !made[parent]; parent = path.Dir(parent) {
			records = slices.Insert(records, 0, cpio.Directory(parent, 0o755))
			made[parent] = true
		}
		for _, r := range records {
			if err := w.WriteRecord(cpio.MakeReproducible(r)); err != nil {
				return nil, err
			}
		}
	}
	if err := cpio.WriteTrailer(w); err != nil {
		return nil, err
	}
	for archive.Len()%4 != 0 {
		archive.WriteByte(0)
	}
	return append(archive.Bytes(), initramfs...), nil
}

// copySparse copies a file and leaves holes where it has zeros.
func copySparse(to, from string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return err
	}
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	defer out.Close()
	block, zeros := make([]byte, 1<<20), make([]byte, 1<<20)
	for at := int64(0); ; at += int64(len(block)) {
		n, err := io.ReadFull(in, block)
		if n > 0 && !bytes.Equal(block[:n], zeros[:n]) {
			if _, err := out.WriteAt(block[:n], at); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return errors.Join(out.Truncate(info.Size()), out.Close())
		} else if err != nil {
			return err
		}
	}
}
