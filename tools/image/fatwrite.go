package image

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"

	"github.com/diskfs/go-diskfs/filesystem/fat12"
	"github.com/diskfs/go-diskfs/filesystem/fat32"
)

// WriteFile writes a file whole, over what has its name. Directories are made.
func (t *FAT) WriteFile(name string, data []byte) error {
	fail := func(err error) error { return fmt.Errorf("%s: %s: %w", t.where, name, err) }
	if len(data) == 0 {
		return fail(errors.New("an empty file cannot be written")) // the library gives it a cluster, which checkers object to
	}
	if dir := path.Dir(name); dir != "." {
		if err := t.mkdir(dir); err != nil {
			return fail(err)
		}
	}
	f, err := t.fs.OpenFile(name, os.O_CREATE|os.O_RDWR|os.O_TRUNC)
	if err != nil {
		return fail(err)
	}
	if _, err := f.Write(data); err != nil {
		return fail(err)
	}
	if err := f.Close(); err != nil {
		return fail(err)
	}
	return nil
}

// mkdir makes a directory in the root directory, unless it is there.
func (t *FAT) mkdir(name string) error {
	if strings.Contains(name, "/") {
		return errors.New("only the root directory may have directories")
	}
	if _, err := t.find(name); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := t.fs.Mkdir(name); err != nil {
		return err
	}
	dir, err := t.fs.OpenFile(name, os.O_RDWR)
	if err != nil {
		return err
	}
	defer dir.Close()
	return clearParent(dir, t.fs)
}

// clearParent makes the second entry of a new directory, "..", name cluster 0, which is how the root directory is called there
// (Microsoft's FAT specification 1.03, page 25). The library writes the cluster that the root directory has.
func clearParent(dir any, fs *fat32.FileSystem) error {
	const entry, high, low = 32, 20, 26 // bytes: size of an entry, where the halves of its cluster's number are
	ranged, ok := dir.(interface {
		GetDiskRanges() ([]fat12.DiskRange, error)
	})
	if !ok {
		return errors.New("the place of a directory cannot be told")
	}
	ranges, err := ranged.GetDiskRanges()
	if err != nil {
		return err
	}
	w, err := fs.Backend().Writable()
	if err != nil {
		return err
	}
	for _, half := range []int64{high, low} {
		if _, err := w.WriteAt([]byte{0, 0}, fs.Start()+int64(ranges[0].Offset)+entry+half); err != nil {
			return err
		}
	}
	return nil
}
