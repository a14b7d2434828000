package disk

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
)

// System is what the firmware says of this start: it tells in the device tree (property names of the Pi's bootloader).
type System struct {
	Partition int  // that the system was booted from
	Tryboot   bool // it was booted once, on trial
}

// Booted reads what the firmware said. Root is "/" but in tests. Where no such firmware was at work the error wraps os.ErrNotExist.
func Booted(root string) (System, error) {
	partition, err := cell(root, "partition")
	if err != nil {
		return System{}, err
	}
	tryboot, err := cell(root, "tryboot")
	if err != nil {
		return System{}, err
	}
	return System{Partition: int(partition), Tryboot: tryboot != 0}, nil
}

// cell reads a property of one cell (Devicetree Specification 0.4, 2.2.4).
func cell(root, property string) (uint32, error) {
	file := filepath.Join(root, "proc/device-tree/chosen/bootloader", property)
	value, err := os.ReadFile(file)
	if err != nil {
		return 0, err
	}
	if len(value) != 4 {
		return 0, fmt.Errorf("%s has %d bytes, want one cell of 4", file, len(value))
	}
	return binary.BigEndian.Uint32(value), nil
}
