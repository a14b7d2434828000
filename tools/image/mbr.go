package image

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/upscard/upscard/services/layout"
)

const (
	sectorSize = 512

	// Offsets in the first sector.
	diskIDAt    = 440
	entriesAt   = 446
	entrySize   = 16
	signatureAt = 510
)

// mbr returns the first sector of the card's disk. Addresses by cylinder, head, sector are the ones that say "too large".
func mbr() []byte {
	sector := make([]byte, sectorSize)
	binary.LittleEndian.PutUint32(sector[diskIDAt:], layout.DiskID)
	for i, p := range layout.Partitions {
		entry := sector[entriesAt+i*entrySize:][:entrySize]
		copy(entry[1:], []byte{0xfe, 0xff, 0xff, p.Type, 0xfe, 0xff, 0xff})
		binary.LittleEndian.PutUint32(entry[8:], uint32(p.Start/sectorSize))
		binary.LittleEndian.PutUint32(entry[12:], uint32(p.Size/sectorSize))
	}
	copy(sector[signatureAt:], []byte{0x55, 0xaa})
	return sector
}

// extent is the place of a partition on a disk, in bytes.
type extent struct {
	kind        byte // 0 for none
	start, size int64
}

// readMBR returns the disk's identifier and its four primary partitions.
func readMBR(disk io.ReaderAt) (id uint32, parts [4]extent, err error) {
	sector := make([]byte, sectorSize)
	if _, err := disk.ReadAt(sector, 0); err != nil {
		return 0, parts, fmt.Errorf("first sector: %w", err)
	}
	if sector[signatureAt] != 0x55 || sector[signatureAt+1] != 0xaa {
		return 0, parts, errors.New("first sector: no MBR signature")
	}
	for i := range parts {
		entry := sector[entriesAt+i*entrySize:][:entrySize]
		parts[i] = extent{
			kind:  entry[4],
			start: int64(binary.LittleEndian.Uint32(entry[8:])) * sectorSize,
			size:  int64(binary.LittleEndian.Uint32(entry[12:])) * sectorSize,
		}
	}
	return binary.LittleEndian.Uint32(sector[diskIDAt:]), parts, nil
}
