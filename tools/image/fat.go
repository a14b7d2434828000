package image

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/diskfs/go-diskfs/backend/file"
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

// ReadFile returns a file's content. Names differ not by case. Its error wraps fs.ErrNotExist where there is no such file.
func (t *FAT) ReadFile(name string) ([]byte, error) {
	found, err := t.find(name)
	if err != nil {
		return nil, fmt.Errorf("%s: %s: %w", t.where, name, err)
	}
	data, err := t.readWhole(found)
	if err != nil {
		return nil, fmt.Errorf("%s: %s: %w", t.where, name, err)
	}
	return data, nil
}

// readWhole reads a file in one go: a second Read of the library (go-diskfs 1.9.4) may go on beyond the file's end, up to its cluster's.
func (t *FAT) readWhole(name string) ([]byte, error) {
	f, err := t.fs.OpenFile(name, os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	data := make([]byte, info.Size())
	if n, err := f.Read(data); n < len(data) {
		return nil, fmt.Errorf("%d bytes of %d: %w", n, len(data), err)
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
