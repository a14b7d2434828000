package card

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/u-root/u-root/pkg/dt"

	"github.com/upscard/upscard/board/virt"
	"github.com/upscard/upscard/services/layout"
	"github.com/upscard/upscard/tools/image"
	"github.com/upscard/upscard/tools/pifirmware"
)

// load does what the Pi's firmware does at power-on: it takes kernel, root file system and command line from the disk, and tells in the
// device tree which partition that was. A guest without a disk gets its files as they are.
func (c *Card) load(tryboot bool) error {
	c.machine.Initrd = filepath.Join(c.dir, "initramfs")
	if c.machine.Disk == "" {
		initramfs, err := os.ReadFile(c.cfg.Initrd)
		if err != nil {
			return err
		}
		c.machine.Kernel = c.cfg.Kernel
		return c.hand(initramfs, virt.CommandLine)
	}
	disk, err := image.Open(c.machine.Disk, false)
	if err != nil {
		return err
	}
	defer disk.Close()
	boot, err := pifirmware.Load(disk, pifirmware.Virt, tryboot)
	if err != nil {
		return fmt.Errorf("stand-in for the Pi's firmware: %w", err)
	}
	c.machine.Kernel = filepath.Join(c.dir, "kernel")
	if err := os.WriteFile(c.machine.Kernel, boot.Kernel, 0o600); err != nil {
		return err
	}
	if err := c.hand(boot.Initramfs, boot.CommandLine); err != nil {
		return err
	}
	return c.tellPartition(boot)
}

// hand gives the machine a root file system with the test's files, and a command line with its words.
func (c *Card) hand(initramfs []byte, commandLine string) error {
	initramfs, err := withFiles(initramfs, c.cfg.Files)
	if err != nil {
		return err
	}
	c.machine.CommandLine = strings.Join(append(slices.Clone(c.cfg.Append), commandLine), " ")
	return os.WriteFile(c.machine.Initrd, initramfs, 0o600)
}

// tellPartition writes QEMU's device tree with what the firmware adds to it ("bootloader" under "chosen").
func (c *Card) tellPartition(boot pifirmware.Boot) error {
	original, file := filepath.Join(c.dir, "dtb.qemu"), filepath.Join(c.dir, "dtb")
	if _, err := os.Stat(original); err != nil {
		if out, err := exec.Command(virt.Program, c.machine.DumpDeviceTree(original)...).CombinedOutput(); err != nil {
			return fmt.Errorf("%s does not tell its device tree: %w: %s", virt.Program, err, out)
		}
	}
	tree, err := dt.ReadFile(original)
	if err != nil {
		return fmt.Errorf("QEMU's device tree: %w", err)
	}
	chosen, ok := tree.NodeByName("chosen")
	if !ok {
		return fmt.Errorf("QEMU's device tree has no node chosen")
	}
	tried := uint32(0)
	if boot.Tryboot {
		tried = 1
	}
	chosen.Children = append(chosen.Children, dt.NewNode("bootloader", dt.WithProperty(
		dt.PropertyU32("partition", uint32(boot.Partition)), dt.PropertyU32("tryboot", tried))))
	var out bytes.Buffer
	if _, err := tree.Write(&out); err != nil {
		return fmt.Errorf("QEMU's device tree: %w", err)
	}
	c.machine.DeviceTree = file
	return os.WriteFile(file, out.Bytes(), 0o600)
}

// configure writes the owner's file, as a person does with the SD card in a laptop.
func configure(disk string, text []byte) error {
	if text == nil {
		return nil
	}
	d, err := image.Open(disk, true)
	if err != nil {
		return err
	}
	defer d.Close()
	fat, err := d.FAT(layout.Config)
	if err != nil {
		return err
	}
	if err := fat.WriteFile("upscard.toml", text); err != nil {
		return err
	}
	return d.Close()
}
