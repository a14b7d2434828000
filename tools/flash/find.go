package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// find returns the device with this path or name. A file is a device without a model.
func (h host) find(device string) (disk, error) {
	path := device
	if !strings.Contains(device, "/") {
		path = h.node(device)
	}
	path, err := filepath.EvalSymlinks(path)
	if err != nil {
		return disk{}, fmt.Errorf("%s: there is no such device; flash without arguments lists them", device)
	}
	info, err := os.Stat(path)
	if err != nil {
		return disk{}, err
	}
	name := filepath.Base(path)
	if info.Mode().IsRegular() && !h.isDevice(path) {
		return disk{name: name, path: path, size: info.Size(), model: "a file"}, nil
	}
	if info.IsDir() || !h.isDevice(path) {
		return disk{}, fmt.Errorf("%s is no block device", path)
	}
	if text(filepath.Join(h.sys, "class/block", name), "partition") != "" {
		return disk{}, fmt.Errorf("%s is a partition: name the whole device", path)
	}
	uses, err := h.uses()
	if err != nil {
		return disk{}, err
	}
	return h.disk(name, uses)
}

// isDevice reports whether sysfs knows the path as a block device.
func (h host) isDevice(path string) bool {
	dev, err := filepath.EvalSymlinks(h.dev)
	if err != nil {
		return false
	}
	_, err = os.Stat(filepath.Join(h.sys, "class/block", filepath.Base(path)))
	return err == nil && filepath.Dir(path) == dev
}
