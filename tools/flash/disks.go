package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// host is where the machine's devices are looked up.
type host struct{ sys, proc, dev string }

// disk is a whole block device, or a file that stands for one.
type disk struct {
	name, path string
	size       int64 // in bytes; 0 is an empty card reader
	model      string
	bus        string // "usb", "sd", or ""
	removable  bool
	readOnly   bool
	uses       []use
}

// node is the path of a device.
func (h host) node(name string) string { return filepath.Join(h.dev, name) }

// disks returns all block devices in the order of their names, but none that lives in memory or files.
func (h host) disks() ([]disk, error) {
	entries, err := os.ReadDir(filepath.Join(h.sys, "block"))
	if err != nil {
		return nil, err
	}
	uses, err := h.uses()
	if err != nil {
		return nil, err
	}
	var list []disk
	for _, e := range entries {
		if isVirtual(e.Name()) {
			continue
		}
		d, err := h.disk(e.Name(), uses)
		if errors.Is(err, fs.ErrNotExist) {
			continue // pulled out meanwhile
		}
		if err != nil {
			return nil, err
		}
		list = append(list, d)
	}
	return list, nil
}

func isVirtual(name string) bool {
	return slices.ContainsFunc([]string{"loop", "ram", "zram", "dm-", "md", "nbd", "sr", "fd"}, func(p string) bool { return strings.HasPrefix(name, p) })
}

// disk reads what sysfs knows of a device (Documentation/ABI/stable/sysfs-block in the kernel's sources).
func (h host) disk(name string, all []use) (disk, error) {
	dir := filepath.Join(h.sys, "block", name)
	sectors, err := number(dir, "size") // of 512 bytes, whatever the device's are
	if err != nil {
		return disk{}, err
	}
	removable, err := number(dir, "removable")
	if err != nil {
		return disk{}, err
	}
	readOnly, err := number(dir, "ro")
	if err != nil {
		return disk{}, err
	}
	d := disk{name: name, path: h.node(name), size: 512 * sectors, removable: removable != 0 && !isVirtual(name), readOnly: readOnly != 0}
	d.model = strings.Join(strings.Fields(text(dir, "device/vendor")+" "+text(dir, "device/model")+" "+text(dir, "device/name")), " ")
	if d.model == "" {
		d.model = "an unnamed device"
	}
	if real, err := filepath.EvalSymlinks(dir); err == nil && strings.Contains(real, "/usb") {
		d.bus = "usb"
	}
	if text(dir, "device/type") == "SD" { // a laptop's own reader: the kernel calls the reader fixed, though its card is not
		d.bus, d.removable = "sd", true
	}
	parts, err := h.family(name)
	if err != nil {
		return disk{}, err
	}
	for _, u := range all {
		if slices.Contains(parts, u.device) {
			d.uses = append(d.uses, u)
		}
	}
	return d, nil
}

// family returns the names of a device, its partitions, and what is built on any of them: RAID, LVM, encryption.
func (h host) family(name string) ([]string, error) {
	names := []string{name}
	for i := 0; i < len(names) && i < 1000; i++ {
		dir := filepath.Join(h.sys, "class/block", names[i])
		for _, pattern := range []string{names[i] + "*/partition", "holders/*"} {
			found, err := filepath.Glob(filepath.Join(dir, pattern))
			if err != nil {
				return nil, err
			}
			for _, path := range found {
				if filepath.Base(path) == "partition" {
					path = filepath.Dir(path)
				}
				if base := filepath.Base(path); !slices.Contains(names, base) {
					names = append(names, base)
				}
			}
		}
	}
	return names, nil
}

// text is a file of sysfs without its newline, "" where there is none.
func text(dir, name string) string {
	content, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(content))
}

func number(dir, name string) (int64, error) {
	content, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseInt(strings.TrimSpace(string(content)), 10, 50)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("%s: %q is no size", filepath.Join(dir, name), content)
	}
	return n, nil
}
