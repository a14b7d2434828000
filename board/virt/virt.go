// Package virt is QEMU's arm64 "virt" machine as a board of the card.
package virt

import (
	"fmt"
	"time"
)

// CommandLine is what the kernel is told where no disk says it. The serial console comes last, as on a Pi.
const CommandLine = "quiet panic=10 oops=panic console=ttyAMA0"

// Forward makes a TCP port of the card reachable on the host's loopback address.
type Forward struct {
	Host, Card int
	Address    string // of the card; "" for the one that DHCP gives it
}

// Device is a simulated device on a USB port.
type Device struct {
	Socket string // unix socket on which it speaks usbredir
	Port   string // as in the kernel's port paths, without the bus: "2", or "1.3" on the hub of port 1
}

// RootPorts is how many USB ports the machine has of its own.
const RootPorts = 15

// Machine is one card to boot.
type Machine struct {
	Kernel, Initrd string
	CommandLine    string // of the kernel
	DeviceTree     string // a file; "" for QEMU's own
	Disk           string // an image of the SD card; "" for none
	MemoryMB       int
	Memory         string // a file that holds the memory, which so survives the emulator's end, as a Pi's does a reset; "" for none
	Forwards       []Forward
	Outbound       bool      // what the card sends to 10.0.2.2 reaches this machine's loopback address
	Tap            string    // an interface of this machine that is the other end of a second one of the card's; "" for none
	Clock          time.Time // what the hardware's clock shows at power-on; zero for this machine's
	Hubs           []string  // ports that have a USB hub of eight ports, the nearest to the root first: "1", "1.8"
	USB            []Device  // simulated devices
	Monitor        string    // unix socket on which QEMU listens for QMP
}

// DumpDeviceTree is the command line by which the emulator writes the device tree that it would give the machine to a file, and ends.
func (m Machine) DumpDeviceTree(file string) []string {
	return append(m.base("virt,dumpdtb="+file), "-netdev", network+restricted, "-device", "virtio-net-pci,netdev=lan,romfile=")
}

// Program is the emulator that boots this board.
const Program = "qemu-system-aarch64"

// The card can be reached, but reaches nothing where it is restricted: its questions to time servers stay on this machine.
const (
	network    = "user,id=lan"
	restricted = ",restrict=on"
)

// Args is the emulator's command line. The console is on its standard input and output. It suits QEMU 7.2 to 10.
func (m Machine) Args() []string {
	lan := network
	if !m.Outbound {
		lan += restricted
	}
	for _, f := range m.Forwards {
		lan += fmt.Sprintf(",hostfwd=tcp:127.0.0.1:%d-%s:%d", f.Host, f.Address, f.Card)
	}
	kind := "virt"
	if m.Memory != "" {
		kind += ",memory-backend=ram"
	}
	args := append(m.base(kind),
		"-no-reboot",
		"-chardev", "stdio,id=console,signal=off", "-serial", "chardev:console",
		"-qmp", "unix:"+m.Monitor+",server=on,wait=off",
		"-kernel", m.Kernel, "-initrd", m.Initrd,
		"-append", m.CommandLine,
		"-netdev", lan, "-device", "virtio-net-pci,netdev=lan,romfile=",
		"-device", "i6300esb", "-watchdog-action", "reset",
		"-device", fmt.Sprintf("qemu-xhci,p2=%d,p3=%[1]d", RootPorts))
	if m.Memory != "" {
		args = append(args, "-object", fmt.Sprintf("memory-backend-file,id=ram,size=%dM,share=on,mem-path=%s", m.MemoryMB, m.Memory))
	}
	if !m.Clock.IsZero() {
		args = append(args, "-rtc", "base="+m.Clock.UTC().Format("2006-01-02T15:04:05"))
	}
	if m.Tap != "" {
		args = append(args, "-netdev", "tap,id=wire,script=no,downscript=no,ifname="+m.Tap, "-device", "virtio-net-pci,netdev=wire,romfile=")
	}
	if m.DeviceTree != "" {
		args = append(args, "-dtb", m.DeviceTree)
	}
	if m.Disk != "" {
		args = append(args, "-drive", "if=none,id=card,format=raw,file="+m.Disk, "-device", "virtio-blk-pci,drive=card")
	}
	for _, port := range m.Hubs {
		args = append(args, "-device", "usb-hub,port="+port)
	}
	for i, d := range m.USB {
		args = append(args,
			"-chardev", fmt.Sprintf("socket,id=ups%d,path=%s", i, d.Socket),
			"-device", fmt.Sprintf("usb-redir,chardev=ups%d,port=%s", i, d.Port))
	}
	return args
}

// base is the part of the command line that the device tree depends on.
func (m Machine) base(machine string) []string {
	return []string{"-M", machine, "-cpu", "cortex-a53", "-smp", "2", "-m", fmt.Sprint(m.MemoryMB), "-nodefaults", "-display", "none"}
}
