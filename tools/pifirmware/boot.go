// Package pifirmware stands in for the Raspberry Pi's firmware: it reads from a card's disk what that would boot.
package pifirmware

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/upscard/upscard/services/layout"
	"github.com/upscard/upscard/tools/image"
)

// Boot is what the firmware hands to the board.
type Boot struct {
	Partition   int    // that was booted, counted from 1
	Tryboot     bool   // it was booted once, by request
	Kernel      []byte // as on the disk; may be compressed with gzip
	Initramfs   []byte // nil for none
	DeviceTree  []byte // nil where the model has none; before any overlay
	Overlays    []Overlay
	CommandLine string
}

// Overlay is a change to the device tree that config.txt asks for.
type Overlay struct {
	Name       string
	Parameters []string // "KEY=VALUE", of dtoverlay= only
	Data       []byte
}

// files reads from the first partition (number 1), or another one.
type files func(partition int, name string) ([]byte, error)

// Load boots a disk. tryboot is the flag that a reboot with "0 tryboot" leaves for the next start alone.
func Load(disk *image.Disk, model Model, tryboot bool) (Boot, error) {
	open := map[int]*image.FAT{}
	return load(func(partition int, name string) ([]byte, error) {
		if open[partition] == nil {
			fat, err := disk.FAT(partition)
			if err != nil {
				return nil, err
			}
			open[partition] = fat
		}
		return open[partition].ReadFile(name)
	}, model, tryboot)
}

func load(read files, model Model, tryboot bool) (Boot, error) {
	if model.Loader != "" {
		if _, err := read(layout.Config, model.Loader); err != nil {
			return Boot{}, err
		}
	}
	b := Boot{Tryboot: tryboot}
	in := situation{model, tryboot}
	var ab bool
	var err error
	if b.Partition, ab, err = choose(read, in); err != nil {
		return Boot{}, err
	}
	name := "config.txt"
	if tryboot && !ab {
		name = "tryboot.txt"
	}
	text, err := read(b.Partition, name)
	if err != nil {
		return Boot{}, err
	}
	settings, err := parse(text, in)
	if err != nil {
		return Boot{}, fmt.Errorf("partition %d: %s:%w", b.Partition, name, err)
	}
	s := system{read: read, partition: b.Partition, config: name, model: model, settings: settings}
	if err := s.fill(&b); err != nil {
		return Boot{}, err
	}
	return b, nil
}

// maxAutoboot is how much of autoboot.txt the firmware reads, in bytes.
const maxAutoboot = 512

// choose returns the partition that autoboot.txt names. ab says that the tryboot flag chooses between partitions rather than between
// config.txt and tryboot.txt.
func choose(read files, in situation) (partition int, ab bool, err error) {
	text, err := read(layout.Config, layout.AutobootFile)
	if err != nil {
		return 0, false, err // the firmware would boot the first partition, which holds no system on a card
	}
	fail := func(err error) (int, bool, error) {
		return 0, false, fmt.Errorf("partition %d: %s:%w", layout.Config, layout.AutobootFile, err)
	}
	if len(text) > maxAutoboot {
		return fail(fmt.Errorf(" it has %d bytes, the firmware reads %d", len(text), maxAutoboot))
	}
	settings, err := parse(text, in)
	if err != nil {
		return fail(err)
	}
	value := last(settings, "boot_partition", "1")
	partition, err = strconv.Atoi(value)
	if err != nil || partition < 1 {
		return fail(fmt.Errorf(" boot_partition %q is not the number of a partition", value))
	}
	return partition, last(settings, "tryboot_a_b", "0") == "1", nil
}

// commandLine is the text of cmdline.txt as the kernel gets it: its first line, with the serial port's name.
func commandLine(text []byte, model Model) string {
	line, _, _ := strings.Cut(string(text), "\n")
	words := strings.Fields(line)
	for i, w := range words {
		if rest, ok := strings.CutPrefix(w, "console=serial0"); ok {
			words[i] = "console=" + model.Serial + rest
		}
	}
	return strings.Join(words, " ")
}
