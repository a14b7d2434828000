// Package disk finds the card's own disk among those of the machine.
package disk

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// ErrNone says that no disk has the identifier.
var ErrNone = errors.New("no disk of this card")

// Disk is a disk and the partitions on it, by their numbers; all are paths of device nodes.
type Disk struct {
	Node       string
	Partitions map[int]string
}

// Find returns the disk whose MBR has the identifier: the kernel calls it vda, mmcblk0 or mmcblk1, as it pleases. Root is "/" but in tests. The
// error wraps ErrNone where there is no such disk, or it has no partitions yet. Of two the first by name is taken and the error says so.
func Find(root string, id uint32) (Disk, error) {
	entries, err := os.ReadDir(filepath.Join(root, "sys/block"))
	if err != nil {
		return Disk{}, fmt.Errorf("disks: %w", err)
	}
	var found []Disk
	for _, e := range entries {
		node := filepath.Join(root, "dev", e.Name())
		if got, err := mbrID(node); err != nil || got != id {
			continue
		}
		if d := withPartitions(root, e.Name(), node); len(d.Partitions) > 0 {
			found = append(found, d)
		}
	}
	slices.SortFunc(found, func(a, b Disk) int { return strings.Compare(a.Node, b.Node) })
	switch len(found) {
	case 0:
		return Disk{}, fmt.Errorf("%w: %08x is none's identifier", ErrNone, id)
	case 1:
		return found[0], nil
	default:
		return found[0], fmt.Errorf("%s and %s both are this card's disk: pull one of them", found[0].Node, found[1].Node)
	}
}

// mbrID reads the identifier in bytes 440 to 443 of a disk with an MBR.
func mbrID(node string) (uint32, error) {
	f, err := os.Open(node)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	var sector [512]byte
	if _, err := io.ReadFull(f, sector[:]); err != nil {
		return 0, err
	}
	if sector[510] != 0x55 || sector[511] != 0xaa {
		return 0, fmt.Errorf("%s has no MBR", node)
	}
	return binary.LittleEndian.Uint32(sector[440:]), nil
}

// withPartitions adds those that the kernel has found: directories of the disk's own that hold their number.
func withPartitions(root, name, node string) Disk {
	d := Disk{Node: node, Partitions: make(map[int]string)}
	numbers, _ := filepath.Glob(filepath.Join(root, "sys/block", name, name+"*", "partition"))
	for _, file := range numbers {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // it went away
		}
		if n, err := strconv.Atoi(strings.TrimSpace(string(text))); err == nil {
			d.Partitions[n] = filepath.Join(root, "dev", filepath.Base(filepath.Dir(file)))
		}
	}
	return d
}
