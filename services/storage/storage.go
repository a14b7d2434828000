// Package storage keeps small files that survive a power cut at any instruction.
//
// A file NAME is its data followed by one line, "# sha256 " plus the SHA-256 of the data in hexadecimal; text that ends
// in a newline stays readable, `head -c -74 NAME | sha256sum` checks it. NAME.old is the version before, in the same
// format. NAME.new is a version that is being written, NAME.keep one that is about to become NAME.old; after a power cut they
// may be left over, and are never read.
//
// Each directory belongs to one process, each file in it to one File.
package storage

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// What the copies of a file add to its name.
const (
	suffixNew  = ".new"
	suffixKeep = ".keep"
	suffixOld  = ".old"
)

var leftovers = []string{suffixNew, suffixKeep}

func isLeftover(name string) bool {
	return slices.ContainsFunc(leftovers, func(suffix string) bool { return strings.HasSuffix(name, suffix) })
}

// Dir is a directory of durable files.
type Dir struct {
	path string
	disk disk
}

// Open makes the directory if its parent exists, then removes what interrupted writes have left over in it.
func Open(path string) (*Dir, error) { return open(path, osDisk{}) }

func open(path string, d disk) (*Dir, error) {
	if err := makeDir(d, path); err != nil {
		return nil, err
	}
	names, err := d.list(path)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if !isLeftover(name) {
			continue
		}
		if err := d.remove(filepath.Join(path, name)); err != nil {
			return nil, err
		}
	}
	return &Dir{path, d}, nil
}

func makeDir(d disk, path string) error {
	err := d.mkdir(path)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return d.syncDir(filepath.Dir(path))
}

// File returns the file with the given name, which may hold limit bytes. Mode is that of its next versions.
func (d *Dir) File(name string, limit int, mode fs.FileMode) (*File, error) {
	if name != filepath.Base(name) || name == "." || name == ".." || isLeftover(name) || strings.HasSuffix(name, suffixOld) {
		return nil, fmt.Errorf("%s: %q is no name for a durable file", d.path, name)
	}
	return &File{disk: d.disk, path: filepath.Join(d.path, name), limit: limit, mode: mode}, nil
}

// File is one durable file. Its methods may be called by several goroutines.
type File struct {
	disk  disk
	path  string
	limit int // of the data, in bytes
	mode  fs.FileMode

	mu      sync.Mutex
	settled bool // the directory was synced since the last change that this File knows of
}
