package storage

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
)

var errPower = errors.New("the power is gone")

// memDisk is a file system that keeps after a power cut only what was synced, and as much of the rest as chance has it.
type memDisk struct {
	names   map[string]*inode
	durable map[string]*inode   // names as of the last syncDir
	pending []map[string]*inode // changes of names since; nil removes
	left    int                 // calls until the power is cut
	lies    bool                // Sync does nothing
}

var _ disk = (*memDisk)(nil)

type inode struct {
	data   []byte
	synced bool
}

func newMemDisk(left int) *memDisk {
	return &memDisk{names: map[string]*inode{}, durable: map[string]*inode{}, left: left}
}

// call counts one system call.
func (d *memDisk) call() error {
	if d.left <= 0 {
		return errPower
	}
	d.left--
	return nil
}

func (d *memDisk) change(names map[string]*inode) {
	apply(d.names, names)
	d.pending = append(d.pending, names)
}

func apply(to, names map[string]*inode) {
	for name, node := range names {
		if node == nil {
			delete(to, name)
		} else {
			to[name] = node
		}
	}
}

func (d *memDisk) mkdir(string) error { return fs.ErrExist }

func (d *memDisk) list(string) ([]string, error) {
	var names []string
	for path := range d.names {
		names = append(names, filepath.Base(path))
	}
	return names, d.call()
}

func (d *memDisk) read(path string, limit int) ([]byte, error) {
	if err := d.call(); err != nil {
		return nil, err
	}
	node := d.names[path]
	switch {
	case node == nil:
		return nil, fmt.Errorf("%s: %w", path, fs.ErrNotExist)
	case len(node.data) > limit:
		return nil, ErrDamaged
	}
	return bytes.Clone(node.data), nil
}

func (d *memDisk) create(path string, _ fs.FileMode) (writer, error) {
	if err := d.call(); err != nil {
		return nil, err
	}
	if d.names[path] != nil {
		return nil, fs.ErrExist
	}
	node := &inode{}
	d.change(map[string]*inode{path: node})
	return &memFile{d, node}, nil
}

func (d *memDisk) link(from, to string) error {
	if err := d.call(); err != nil {
		return err
	}
	if d.names[to] != nil {
		return fs.ErrExist
	}
	d.change(map[string]*inode{to: d.names[from]})
	return nil
}

func (d *memDisk) rename(from, to string) error {
	if err := d.call(); err != nil {
		return err
	}
	if d.names[from] != d.names[to] { // rename(2): two names of one file stay as they are
		d.change(map[string]*inode{from: nil, to: d.names[from]})
	}
	return nil
}

func (d *memDisk) remove(path string) error {
	if err := d.call(); err != nil {
		return err
	}
	if d.names[path] == nil {
		return fs.ErrNotExist
	}
	d.change(map[string]*inode{path: nil})
	return nil
}

func (d *memDisk) syncDir(string) error {
	if err := d.call(); err != nil {
		return err
	}
	d.durable, d.pending = maps.Clone(d.names), nil
	return nil
}

type memFile struct {
	disk *memDisk
	node *inode
}

func (f *memFile) Write(p []byte) (int, error) {
	if err := f.disk.call(); err != nil {
		return 0, err
	}
	f.node.data, f.node.synced = append(f.node.data, p...), false
	return len(p), nil
}

func (f *memFile) Sync() error {
	if err := f.disk.call(); err != nil {
		return err
	}
	f.node.synced = !f.disk.lies
	return nil
}

func (f *memFile) Close() error { return f.disk.call() }

// wrecks are what an unsynced file may be after a power cut.
var wrecks = []func([]byte) []byte{
	func([]byte) []byte { return nil },
	func(data []byte) []byte { return data[:len(data)/2] },
	func(data []byte) []byte { return make([]byte, len(data)) },
	func(data []byte) []byte {
		return append(bytes.Clone(data[:len(data)/2]), make([]byte, len(data)-len(data)/2)...)
	},
	func(data []byte) []byte { return data },
}

// afterCut returns every file system that a power cut can leave: any part of the unsynced changes of names, in their order,
// and any wreck of an unsynced file.
func (d *memDisk) afterCut() []*memDisk {
	var worlds []*memDisk
	for chosen := range 1 << len(d.pending) {
		names := maps.Clone(d.durable)
		for i, change := range d.pending {
			if chosen>>i&1 != 0 {
				apply(names, change)
			}
		}
		for _, wreck := range wrecks {
			world := newMemDisk(1000)
			world.lies = d.lies
			for _, name := range slices.Sorted(maps.Keys(names)) {
				data := names[name].data
				if !names[name].synced {
					data = wreck(data)
				}
				world.names[name] = &inode{bytes.Clone(data), true}
			}
			world.durable = maps.Clone(world.names)
			worlds = append(worlds, world)
		}
	}
	return worlds
}
