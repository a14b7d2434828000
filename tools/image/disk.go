// Package image makes the images of cards.
package image

import (
	"fmt"
	"os"

	"github.com/diskfs/go-diskfs/backend/file"
	"github.com/diskfs/go-diskfs/filesystem/fat32"

	"github.com/upscard/upscard/services/layout"
)

// Disk is an image, or a whole SD card, that exists. Its owner closes it.
type Disk struct {
	f        *os.File
	writable bool
	id       uint32
	parts    [4]extent
}

// Open opens a disk and reads its partition table.
func Open(path string, writable bool) (*Disk, error) {
	mode := os.O_RDONLY
	if writable {
		mode = os.O_RDWR
	}
	f, err := os.OpenFile(path, mode, 0)
	if err != nil {
		return nil, err
	}
	id, parts, err := readMBR(f)
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return &Disk{f: f, writable: writable, id: id, parts: parts}, nil
}

// ID returns the identifier in the MBR. layout.DiskID marks a card.
func (d *Disk) ID() uint32 { return d.id }

// FAT opens the FAT file system on a partition, counted from 1.
func (d *Disk) FAT(number int) (*FAT, error) {
	if number < 1 || number > len(d.parts) {
		return nil, fmt.Errorf("%s: no partition has the number %d", d.f.Name(), number)
	}
	p := d.parts[number-1]
	if p.kind != layout.FAT32 {
		return nil, fmt.Errorf("%s: partition %d is not FAT: its type is %#02x", d.f.Name(), number, p.kind)
	}
	fs, err := fat32.Read(file.New(d.f, !d.writable), p.size, p.start, sectorSize)
	if err != nil {
		return nil, fmt.Errorf("%s: partition %d: %w", d.f.Name(), number, err)
	}
	return &FAT{fs: fs, where: fmt.Sprintf("partition %d (%s)", number, fs.Label())}, nil
}

// Close closes the disk. What was written is on it only after Close returned nil.
func (d *Disk) Close() error {
	if d.writable {
		if err := d.f.Sync(); err != nil {
			d.f.Close()
			return err
		}
	}
	return d.f.Close()
}
