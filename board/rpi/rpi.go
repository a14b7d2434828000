// Package rpi is the Raspberry Pi Zero 2 W, 3, 4, 400, CM4 and 5 as a board of the card.
package rpi

import (
	"embed"
	"io/fs"

	"github.com/upscard/upscard/board"
	"github.com/upscard/upscard/services/layout"
)

// Name is how the build calls this board.
const Name = "rpi"

//go:embed files
var files embed.FS

// Own holds the texts that are written for this board.
func Own() fs.FS {
	sub, err := fs.Sub(files, "files")
	if err != nil {
		panic(err) // "files" is embedded above
	}
	return sub
}

var (
	first   = []int{layout.Config}
	systems = []int{layout.SystemA, layout.SystemB}
)

// Files are what the image holds. Each system is whole: firmware, kernel, device trees, root file system.
// The firmware is the cut-down one, which gpu_mem=16 asks for: no camera, codecs or 3D.
var Files = []board.File{
	{On: first, Name: "autoboot.txt", From: board.Own},
	{On: first, Name: "upscard.toml", From: board.Own},
	// Zero 2 W and 3: their ROM reads the first FAT partition only. The empty config.txt is what their loader may look for
	// before it reads autoboot.txt.
	{On: first, Name: "bootcode.bin", From: board.FirmwareModule},
	{On: first, Name: "config.txt", From: board.Own, Path: "config-first.txt"},

	{On: systems, Name: "config.txt", From: board.Own},
	{On: systems, Name: "cmdline.txt", From: board.Own},
	{On: systems, Name: "vmlinuz", From: board.KernelModule, Gzip: true},
	{On: systems, Name: "initramfs.cpio.zst", From: board.Built},

	// Zero 2 W and 3.
	{On: systems, Name: "bootcode.bin", From: board.FirmwareModule},
	{On: systems, Name: "start_cd.elf", From: board.FirmwareModule},
	{On: systems, Name: "fixup_cd.dat", From: board.FirmwareModule},
	{On: systems, Name: "bcm2710-rpi-zero-2-w.dtb", From: board.KernelModule},
	{On: systems, Name: "bcm2710-rpi-3-b.dtb", From: board.KernelModule},
	{On: systems, Name: "bcm2710-rpi-3-b-plus.dtb", From: board.KernelModule},
	// 4, 400, CM4. Their first loader is in EEPROM.
	{On: systems, Name: "start4cd.elf", From: board.FirmwareModule},
	{On: systems, Name: "fixup4cd.dat", From: board.FirmwareModule},
	{On: systems, Name: "bcm2711-rpi-4-b.dtb", From: board.KernelModule},
	{On: systems, Name: "bcm2711-rpi-400.dtb", From: board.KernelModule},
	{On: systems, Name: "bcm2711-rpi-cm4.dtb", From: board.KernelModule},
	// 5, both steppings. All of its firmware is in EEPROM.
	{On: systems, Name: "bcm2712-rpi-5-b.dtb", From: board.KernelModule},
	{On: systems, Name: "bcm2712d0-rpi-5-b.dtb", From: board.KernelModule},

	// overlay_map tells the firmware which variant of an overlay suits the model.
	{On: systems, Name: "overlays/overlay_map.dtb", From: board.KernelModule},
	{On: systems, Name: "overlays/bcm2712d0.dtbo", From: board.KernelModule},
	{On: systems, Name: "overlays/disable-bt.dtbo", From: board.KernelModule},
	{On: systems, Name: "overlays/disable-bt-pi5.dtbo", From: board.KernelModule},
	{On: systems, Name: "overlays/ramoops.dtbo", From: board.KernelModule},
	{On: systems, Name: "overlays/ramoops-pi4.dtbo", From: board.KernelModule},

	{On: systems, Name: "licences/firmware.txt", From: board.FirmwareModule, Path: "LICENSE.broadcom"},
	{On: systems, Name: "licences/linux.txt", From: board.KernelModule, Path: "LICENSE.linux"},
}
