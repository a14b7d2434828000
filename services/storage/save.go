package storage

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
)

// Save makes data the current version. When it returns nil, data survives a power cut; until then, a power cut leaves
// data or what Load returned before. Data that the file holds already is not written again.
func (f *File) Save(data []byte) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(data) > f.limit {
		return fmt.Errorf("%s: %d bytes are more than the limit of %d", f.path, len(data), f.limit)
	}
	current, err := f.read(Current)
	whole := err == nil
	if whole && bytes.Equal(current, data) {
		return f.settle()
	}
	f.settled = false
	if err := f.replace(data, whole); err != nil {
		return errors.Join(err, f.tidy())
	}
	return nil
}

// replace writes the new version beside the current one, then puts it in its place. Only when that is durable, the current one
// becomes the previous one, so that there is no moment without what Load returned before. A damaged one does not: it must not
// push out the last that can be read.
func (f *File) replace(data []byte, whole bool) error {
	if err := f.tidy(); err != nil {
		return err
	}
	if err := f.write(f.path+suffixNew, encode(data)); err != nil {
		return err
	}
	if whole {
		if err := f.disk.link(f.path, f.path+suffixKeep); err != nil {
			return err
		}
	}
	if err := f.disk.rename(f.path+suffixNew, f.path); err != nil {
		return err
	}
	if err := f.settle(); err != nil || !whole {
		return err
	}
	return f.disk.rename(f.path+suffixKeep, f.path+suffixOld) // durable when the file system sees fit
}

// write makes a file whose content is on the disk when it returns nil.
func (f *File) write(path string, content []byte) error {
	w, err := f.disk.create(path, f.mode)
	if err != nil {
		return err
	}
	_, err = w.Write(content)
	if err == nil {
		err = w.Sync()
	}
	return errors.Join(err, w.Close())
}

// tidy removes what a Save that did not come to its end has left.
func (f *File) tidy() error {
	var errs []error
	for _, suffix := range leftovers {
		if err := f.disk.remove(f.path + suffix); !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// settle makes the names in the directory durable.
func (f *File) settle() error {
	if f.settled {
		return nil
	}
	if err := f.disk.syncDir(filepath.Dir(f.path)); err != nil {
		return err
	}
	f.settled = true
	return nil
}
