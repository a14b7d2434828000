package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// device is a block device or a file that is written.
type device struct {
	*os.File
	block bool
}

var _ target = device{}

// openDevice opens for writing. An exclusive block device is one that the kernel does not use, nor will while it is open.
func openDevice(path string, exclusive bool) (target, error) {
	flags := os.O_RDWR
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	block := info.Mode()&fs.ModeDevice != 0
	if block && exclusive {
		flags |= unix.O_EXCL
	}
	f, err := os.OpenFile(path, flags, 0)
	switch {
	case errors.Is(err, fs.ErrPermission):
		return nil, fmt.Errorf("%s: this needs more rights: run flash as root (sudo)", path)
	case errors.Is(err, unix.EBUSY):
		return nil, fmt.Errorf("%s: something uses it: unmount all of it first", path)
	case errors.Is(err, unix.EROFS):
		return nil, fmt.Errorf("%s: it is write-protected", path)
	case err != nil:
		return nil, err
	}
	return device{f, block}, nil
}

func (d device) Sync() error {
	if err := unix.Fdatasync(int(d.Fd())); err != nil {
		return fmt.Errorf("fdatasync: %w", err)
	}
	return nil
}

// Forget empties the kernel's cache of the device.
func (d device) Forget() error {
	if d.block {
		if err := unix.IoctlSetInt(int(d.Fd()), unix.BLKFLSBUF, 0); err != nil {
			return fmt.Errorf("BLKFLSBUF: %w", err)
		}
	}
	if err := unix.Fadvise(int(d.Fd()), 0, 0, unix.FADV_DONTNEED); err != nil {
		return fmt.Errorf("fadvise: %w", err)
	}
	return nil
}

// Close makes the kernel look for the new partitions, which may fail where something has the old ones open.
func (d device) Close() error {
	if d.block {
		_ = unix.IoctlSetInt(int(d.Fd()), unix.BLKRRPART, 0)
	}
	return d.File.Close()
}

// isTerminal reports whether a file is a terminal.
func isTerminal(f *os.File) bool {
	_, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	return err == nil
}
