// Package layout says how the card's disk is divided.
package layout

import "fmt"

// DiskID is the identifier in the card's MBR, by which it is found whatever the kernel calls it: "UPSC" in hexadecimal.
const DiskID uint32 = 0x55505343

// Size is that of the whole image in bytes. QEMU's SD cards need a power of two.
const Size = 256 << 20

// Partition numbers, as the Pi's firmware and the kernel count.
const (
	Config  = 1 // what an owner edits, and the choice of system
	SystemA = 2
	SystemB = 3
	State   = 4
)

// Partition is one of the card's four. Start and Size are in bytes, multiples of 4 MiB, which suits the erase blocks of SD cards.
type Partition struct {
	Number      int
	Name        string // what people call it
	Label       string // of its file system
	Type        byte   // in the MBR; a Pi 3 boots from FAT types only
	Start, Size int64
}

// MBR types.
const (
	FAT32 = 0x0c
	Linux = 0x83
)

// Partitions are in the order of their numbers and of their place on the disk.
var Partitions = [...]Partition{
	{Config, "configuration", "UPSCARD", FAT32, 4 << 20, 40 << 20}, // the smallest round size that is FAT32 by count of clusters
	{SystemA, "system A", "UPSCARD-A", FAT32, 44 << 20, 64 << 20},
	{SystemB, "system B", "UPSCARD-B", FAT32, 108 << 20, 64 << 20},
	{State, "state", "upscard-state", Linux, 172 << 20, 84 << 20},
}

// Of returns the partition with this number, which must be one of the constants.
func Of(number int) Partition { return Partitions[number-1] }

// UUID is how the kernel names the partition on its command line: PARTUUID=UUID.
func (p Partition) UUID() string { return fmt.Sprintf("%08x-%02x", DiskID, p.Number) }

// OtherSystem returns the number of the system that a card running from system does not run from.
func OtherSystem(system int) int { return SystemA + SystemB - system }
