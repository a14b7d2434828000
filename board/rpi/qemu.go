package rpi

// QEMU is a Raspberry Pi 3B as QEMU has it: no firmware runs, so what that would load is given as files.
type QEMU struct {
	Kernel, Initrd, DeviceTree string
	CommandLine                string // of the kernel
	Disk                       string // the SD card; its size is a power of two
}

// Program is the emulator that has this board.
const Program = "qemu-system-aarch64"

// Args is the emulator's command line. The console is on its standard input and output; Ctrl-C
// ends it. One thread for all four cores is twice as fast
// as one for each.
func (q QEMU) Args() []string {
	return []string{
		"-M", "raspi3b", "-accel", "tcg,thread=single", "-nodefaults", "-display", "none", "-no-reboot",
		"-serial", "stdio",
		"-kernel", q.Kernel, "-initrd", q.Initrd, "-dtb", q.DeviceTree, "-append", q.CommandLine,
		"-drive", "if=sd,format=raw,file=" + q.Disk,
	}
}
