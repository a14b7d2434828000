package image

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/diskfs/go-diskfs/backend/file"
	"github.com/diskfs/go-diskfs/filesystem/fat12"
	"github.com/diskfs/go-diskfs/filesystem/fat32"

	"github.com/upscard/upscard/services/layout"
)

// clusterSize is that of the library for file systems up to 260 MB, in bytes.
const clusterSize = 512

// slack is left free at the end of a partition, in bytes. Where clusters and the entries of the table come out even, the library
// (go-diskfs 1.9.4) forgets that the first two entries stand for no cluster, as at 64 MiB.
const slack = 4096

// FAT is the file system of one partition. The library beneath cannot free what it has allocated except by truncating, so there is
// no Remove.
type FAT struct {
	fs    *fat32.FileSystem
	where string // for errors
}

// format makes an empty file system for the partition p of the disk f.
func format(f *os.File, p layout.Partition) (*FAT, error) {
	fs, err := fat32.Create(file.New(f, false), p.Size-slack, p.Start, sectorSize, p.Label, true)
	if err != nil {
		return nil, fmt.Errorf("partition %d (%s): %w", p.Number, p.Label, err)
	}
	return &FAT{fs: fs, where: fmt.Sprintf("partition %d (%s)", p.Number, p.Label)}, nil
}

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

// ReadFile returns a file's content. Names differ not by case. Its error wraps fs.ErrNotExist where there is no such file.
func (t *FAT) ReadFile(name string) ([]byte, error) {
	found, err := t.find(name)
	if err != nil {
		return nil, fmt.Errorf("%s: %s: %w", t.where, name, err)
	}
	data, err := t.fs.ReadFile(found)
	if err != nil {
		return nil, fmt.Errorf("%s: %s: %w", t.where, name, err)
	}
	return data, nil
}

// find returns name as the directories spell it.
func (t *FAT) find(name string) (string, error) {
	found := ""
	for part := range strings.SplitSeq(path.Clean(name), "/") {
		entries, err := t.fs.ReadDir(path.Join(".", found))
		if err != nil {
			return "", err
		}
		i := slices.IndexFunc(entries, func(e fs.DirEntry) bool { return strings.EqualFold(e.Name(), part) })
		if i < 0 {
			return "", fs.ErrNotExist
		}
		found = path.Join(found, entries[i].Name())
	}
	return found, nil
}

// List returns the names of all files, sorted.
func (t *FAT) List() ([]string, error) {
	var names []string
	err := fs.WalkDir(t.fs, ".", func(name string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", t.where, err)
	}
	slices.Sort(names)
	return names, nil
}
