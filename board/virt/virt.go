// Package virt is QEMU's arm64 "virt" machine as a board of the card.
package virt

import (
	"fmt"
	"strings"
)

// CommandLine is what the kernel is told on this board. The serial console comes last, as on a Pi.
var CommandLine = []string{"quiet", "panic=10", "oops=panic", "console=ttyAMA0"}

// Forward makes a TCP port of the card reachable on the host's loopback address.
type Forward struct {
	Host, Card int
}

// Machine is one card to boot.
type Machine struct {
	Kernel, Initrd string
	Append         []string // more words for the kernel's command line
	MemoryMB       int
	Forwards       []Forward
	USB            []string // unix sockets of simulated devices (usbredir), in port order
	Monitor        string   // unix socket on which QEMU listens for QMP
}

// Program is the emulator that boots this board.
const Program = "qemu-system-aarch64"

// Args is the emulator's command line. The console is on its standard input and output. It suits QEMU 7.2 to 10.
func (m Machine) Args() []string {
	hostfwd := ""
	for _, f := range m.Forwards {
		hostfwd += fmt.Sprintf(",hostfwd=tcp:127.0.0.1:%d-:%d", f.Host, f.Card)
	}
	args := []string{
		"-M", "virt", "-cpu", "cortex-a53", "-smp", "2", "-m", fmt.Sprint(m.MemoryMB),
		"-nodefaults", "-display", "none", "-no-reboot",
		"-chardev", "stdio,id=console,signal=off", "-serial", "chardev:console",
		"-qmp", "unix:" + m.Monitor + ",server=on,wait=off",
		"-kernel", m.Kernel, "-initrd", m.Initrd,
		"-append", strings.Join(append(append([]string{}, m.Append...), CommandLine...), " "),
		"-netdev", "user,id=lan" + hostfwd, "-device", "virtio-net-pci,netdev=lan,romfile=",
		"-device", "i6300esb", "-watchdog-action", "reset",
		"-device", "qemu-xhci,p2=8,p3=8",
	}
	for i, socket := range m.USB {
		args = append(args,
			"-chardev", fmt.Sprintf("socket,id=ups%d,path=%s", i, socket),
			"-device", fmt.Sprintf("usb-redir,chardev=ups%d,port=%d", i, i+1))
	}
	return args
}
