package storage

import (
	"errors"
	"fmt"
	"io/fs"
)

// Version tells the copies of a file apart.
type Version int

// The versions.
const (
	None     Version = iota // the file was never saved
	Current                 // what was saved last
	Previous                // what was saved before that
)

func (v Version) String() string { return [...]string{"none", "current", "previous"}[v] }

// Reading is what a file was found to hold.
type Reading struct {
	Data    []byte
	Version Version
	Reason  error // why it is not the current version that was read, if that is worth telling
}

// Load returns the newest version that is whole. A file that was never saved gives None without an error; one of which
// copies exist, but none that is whole, gives None with the reasons.
func (f *File) Load() (Reading, error) {
	_, reading, err := Load(f, func(data []byte) ([]byte, error) { return data, nil })
	return reading, err
}

// Load returns the newest version that is whole as the value that parse makes of it. What parse refuses counts as damaged.
func Load[T any](f *File, parse func([]byte) (T, error)) (T, Reading, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var reasons []error
	for _, version := range []Version{Current, Previous} {
		data, err := f.read(version)
		if err == nil {
			var value T
			if value, err = parse(data); err == nil {
				return value, Reading{data, version, errors.Join(reasons...)}, nil
			}
			err = fmt.Errorf("%s: %w", f.copy(version), err)
		}
		reasons = append(reasons, err)
	}
	var nothing T
	if errors.Is(reasons[0], fs.ErrNotExist) && errors.Is(reasons[1], fs.ErrNotExist) {
		return nothing, Reading{}, nil
	}
	err := errors.Join(reasons...)
	return nothing, Reading{Reason: err}, err
}

// copy is the path of one version.
func (f *File) copy(v Version) string {
	if v == Previous {
		return f.path + suffixOld
	}
	return f.path
}

// read returns the data of one version. Its errors name the file.
func (f *File) read(v Version) ([]byte, error) {
	path := f.copy(v)
	content, err := f.disk.read(path, f.limit+trailerSize)
	if err != nil {
		return nil, err
	}
	data, err := decode(content)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return data, nil
}
