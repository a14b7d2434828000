package driversock

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/fsnotify/fsnotify"
)

// Socket is a driver's socket in the run directory.
type Socket struct {
	Driver, UPS, Path string
}

// Watch calls f with each trusted driver's socket in dir, the newest last, then with each that appears, until ctx ends. A
// socket may be told more than once.
func Watch(ctx context.Context, dir string, trust Trust, f func(Socket)) error {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return fmt.Errorf("watch %s: %w", dir, err)
	}
	defer w.Close()
	if err := w.Add(dir); err != nil {
		return fmt.Errorf("watch %s: %w", dir, err)
	}
	if err := scan(dir, trust, f); err != nil {
		return err
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case ev := <-w.Events:
			switch {
			case ev.Has(fsnotify.Create):
				if s, _, ok := socketAt(ev.Name, trust); ok {
					f(s)
				}
			case ev.Name == dir && ev.Has(fsnotify.Remove|fsnotify.Rename):
				return fmt.Errorf("watch %s: the directory is gone", dir)
			}
		case <-w.Errors: // events were lost
			if err := scan(dir, trust, f); err != nil {
				return err
			}
		}
	}
}

// scan calls f with the sockets that are there.
func scan(dir string, trust Trust, f func(Socket)) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	type aged struct {
		Socket
		made time.Time
	}
	var found []aged
	for _, e := range entries {
		if s, made, ok := socketAt(filepath.Join(dir, e.Name()), trust); ok {
			found = append(found, aged{s, made})
		}
	}
	slices.SortStableFunc(found, func(a, b aged) int { return cmp.Compare(a.made.UnixNano(), b.made.UnixNano()) })
	for _, s := range found {
		f(s.Socket)
	}
	return nil
}

// socketAt tells whether a trusted driver's socket is at path, with the time it was made.
func socketAt(path string, trust Trust) (Socket, time.Time, bool) {
	driver, ups, ok := SplitName(filepath.Base(path))
	if !ok {
		return Socket{}, time.Time{}, false
	}
	fi, err := os.Lstat(path)
	if err != nil || fi.Mode().Type() != fs.ModeSocket {
		return Socket{}, time.Time{}, false
	}
	if st, ok := fi.Sys().(*syscall.Stat_t); !ok || !trust.includes(st.Uid) {
		return Socket{}, time.Time{}, false
	}
	return Socket{driver, ups, path}, fi.ModTime(), true
}
