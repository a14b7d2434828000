package card

import (
	"bytes"
	"io"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"

	"github.com/u-root/mkuimage/cpio"
)

// withFiles puts an archive with more files in front of the card's own. The kernel unpacks one after the other
// (Documentation/driver-api/early-userspace/buffer-format.rst).
func withFiles(initrd, dir string, files map[string][]byte) (string, error) {
	if len(files) == 0 {
		return initrd, nil
	}
	var archive bytes.Buffer
	w := cpio.Newc.Writer(&archive)
	made := map[string]bool{".": true}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		records := []cpio.Record{cpio.StaticFile(name, string(files[name]), 0o644)}
		for parent := path.Dir(name); !made[parent]; parent = path.Dir(parent) {
			records = slices.Insert(records, 0, cpio.Directory(parent, 0o755))
			made[parent] = true
		}
		for _, r := range records {
			if err := w.WriteRecord(cpio.MakeReproducible(r)); err != nil {
				return "", err
			}
		}
	}
	if err := cpio.WriteTrailer(w); err != nil {
		return "", err
	}
	for archive.Len()%4 != 0 {
		archive.WriteByte(0)
	}
	original, err := os.Open(initrd)
	if err != nil {
		return "", err
	}
	defer original.Close()
	out, err := os.Create(filepath.Join(dir, "initrd"))
	if err != nil {
		return "", err
	}
	defer out.Close()
	if _, err := io.Copy(out, io.MultiReader(&archive, original)); err != nil {
		return "", err
	}
	return out.Name(), out.Close()
}
