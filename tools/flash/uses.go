package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// use is something that needs a block device as it is.
type use struct {
	device string // name, "sda1"
	where  string // mount point, or "swap"
}

// system reports whether the running system lives on what is used.
func (u use) system() bool {
	switch u.where {
	case "/", "/usr", "/var", "/home", "/boot", "/boot/efi", "/boot/firmware", "swap":
		return true
	}
	return false
}

// uses returns what is mounted, or used as swap.
func (h host) uses() ([]use, error) {
	mounts, err := os.ReadFile(filepath.Join(h.proc, "self/mountinfo"))
	if err != nil {
		return nil, err
	}
	list := parseMounts(string(mounts), h.name)
	swaps, err := os.ReadFile(filepath.Join(h.proc, "swaps"))
	if err != nil && !os.IsNotExist(err) { // a kernel without swap
		return nil, err
	}
	return append(list, parseSwaps(string(swaps))...), nil
}

// name is that of a device by its number, "8:1"; "" is unknown.
func (h host) name(number string) string {
	path, err := filepath.EvalSymlinks(filepath.Join(h.sys, "dev/block", number))
	if err != nil {
		return ""
	}
	return filepath.Base(path)
}

// parseMounts reads /proc/self/mountinfo (proc_pid_mountinfo(5)). A device counts by its number, also by the path it was mounted by:
// btrfs shows a number of its own.
func parseMounts(text string, name func(number string) string) []use {
	var list []use
	for line := range strings.Lines(text) {
		before, after, _ := strings.Cut(line, " - ")
		fields, source := strings.Fields(before), strings.Fields(after)
		if len(fields) < 5 || len(source) < 2 {
			continue
		}
		where := unescape(fields[4])
		byNumber, byPath := name(fields[2]), ""
		if strings.HasPrefix(source[1], "/dev/") {
			byPath = filepath.Base(resolve(unescape(source[1])))
		}
		if byNumber != "" {
			list = append(list, use{byNumber, where})
		}
		if byPath != "" && byPath != byNumber {
			list = append(list, use{byPath, where})
		}
	}
	return list
}

// resolve follows links, as of /dev/mapper and /dev/disk.
func resolve(path string) string {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real
	}
	return path
}

// parseSwaps reads /proc/swaps: a line of titles, then a line for each, which begins with the path.
func parseSwaps(text string) []use {
	var list []use
	for line := range strings.Lines(text) {
		if fields := strings.Fields(line); len(fields) > 1 && strings.HasPrefix(fields[0], "/dev/") {
			list = append(list, use{filepath.Base(resolve(unescape(fields[0]))), "swap"})
		}
	}
	return list
}

// unescape undoes the kernel's octal escapes of white space and backslashes.
func unescape(s string) string {
	return strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`).Replace(s)
}

// allowed says why an image of total bytes must not go to a device.
func allowed(d disk, total int64, force bool) error {
	for _, u := range d.uses {
		if u.system() {
			return fmt.Errorf("%s: the running system lives on it (%s on %s); this is never overwritten", d.path, u.where, u.device)
		}
	}
	switch {
	case d.size == 0:
		return fmt.Errorf("%s: there is no card in it", d.path)
	case d.size < total:
		return fmt.Errorf("%s: the image needs %s, the device has %s: take a larger one", d.path, size(total), size(d.size))
	case d.readOnly:
		return fmt.Errorf("%s: it is write-protected: look for the little lock on the card or its adapter", d.path)
	case force:
		return nil
	case len(d.uses) > 0:
		return fmt.Errorf("%s: %s is mounted on %s: unmount it first (umount /dev/%[2]s)", d.path, d.uses[0].device, d.uses[0].where)
	case !d.removable:
		return fmt.Errorf("%s (%s) is no SD card or USB stick: -force overwrites it all the same", d.path, d.model)
	}
	return nil
}
