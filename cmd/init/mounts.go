package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// mount is one line of the mount table.
type mount struct {
	dir, kind string
	flags     uintptr
	data      string
}

// mounts are made in this order.
func mounts() []mount {
	const safe = unix.MS_NOSUID | unix.MS_NOEXEC
	return []mount{
		{"/proc", "proc", safe | unix.MS_NODEV, ""},
		{"/sys", "sysfs", safe | unix.MS_NODEV, ""},
		{"/sys/fs/pstore", "pstore", safe | unix.MS_NODEV, "kmsg_bytes=65536"},
		{"/dev", "devtmpfs", safe, "mode=0755"},
		{"/dev/pts", "devpts", safe, "mode=0620,ptmxmode=0666"},
		{"/run", "tmpfs", safe | unix.MS_NODEV, "mode=0755,size=16m"},
		{"/tmp", "tmpfs", safe | unix.MS_NODEV, "mode=1777,size=16m"},
	}
}

// mountAll mounts what is not mounted yet. It goes on after a failure: with less the card may still serve.
func mountAll(root string, table []mount) error {
	var errs []error
	for _, m := range table {
		if err := m.do(filepath.Join(root, m.dir)); err != nil {
			errs = append(errs, fmt.Errorf("mount %s: %w", m.dir, err))
		}
	}
	return errors.Join(errs...)
}

func (m mount) do(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	var here, above unix.Stat_t
	if err := errors.Join(unix.Lstat(dir, &here), unix.Lstat(filepath.Dir(dir), &above)); err != nil {
		return err
	}
	if here.Dev != above.Dev {
		return nil
	}
	return unix.Mount(m.kind, dir, m.kind, m.flags, m.data)
}

// directory is one line of the table of directories that programs share.
type directory struct {
	path     string
	mode     uint32 // as chmod(2) takes it
	uid, gid uint32
}

func directories() []directory {
	return []directory{
		{"/run/nut", 0o1775, 0, gidDrivers}, // each driver puts its socket here, none can remove another's
		{"/run/netd", 0o755, uidNetd, uidNetd},
		{"/run/nisd", 0o755, uidNisd, uidNisd},
		{"/run/tlsshim", 0o755, uidTLSShim, uidTLSShim},
		{"/run/confd", 0o755, uidConfd, uidConfd},
		{"/run/usb", 0o755, 0, 0}, // the roster
	}
}

func makeDirectories(root string, table []directory) error {
	var errs []error
	for _, d := range table {
		path := filepath.Join(root, d.path)
		err := os.MkdirAll(path, 0o755)
		if err == nil {
			err = errors.Join(os.Chown(path, int(d.uid), int(d.gid)), unix.Chmod(path, d.mode))
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("directory: %w", err))
		}
	}
	return errors.Join(errs...)
}

// blockMounts picks the mount points of block devices out of /proc/self/mounts, in the order in which they can be unmounted.
func blockMounts(mounts string) (dirs []string) {
	unescape := strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`)
	for line := range strings.Lines(mounts) {
		if f := strings.Fields(line); len(f) >= 2 && strings.HasPrefix(f[0], "/dev/") {
			dirs = append([]string{unescape.Replace(f[1])}, dirs...)
		}
	}
	return dirs
}
