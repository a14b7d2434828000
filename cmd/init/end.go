package main

import (
	"fmt"
	"io"
	"os"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// ending is how the card ends.
type ending int

const (
	powerOff ending = iota
	reboot
	tryboot // reboot into the other system, once
)

func (e ending) String() string {
	return [...]string{"power off", "reboot", "reboot (" + trybootArgument + ")"}[e]
}

// trybootArgument tells the Pi's firmware to set its tryboot flag, by way of the kernel. Tools/card takes it from the console.
const trybootArgument = "0 tryboot"

// Bounds on what a broken disk can hold up.
const (
	syncTime    = 5 * time.Second
	unmountTime = 5 * time.Second
)

// end writes out what is not on disk yet, unmounts the disks and ends the machine. It does not return.
func end(how ending, console io.Writer) {
	if !bounded(syncTime, unix.Sync) {
		fmt.Fprintln(console, "init: disks are not in sync in time")
	}
	if !bounded(unmountTime, func() { unmountDisks(console) }) {
		fmt.Fprintln(console, "init: disks are not unmounted in time")
	}
	fmt.Fprintf(console, "init: %s\n", how)
	var err error
	switch how {
	case powerOff:
		err = unix.Reboot(unix.LINUX_REBOOT_CMD_POWER_OFF)
	case reboot:
		err = unix.Reboot(unix.LINUX_REBOOT_CMD_RESTART)
	case tryboot:
		err = rebootWith(trybootArgument)
	}
	fmt.Fprintf(console, "init: %s: %v\n", how, err)
	os.Exit(1) // which the kernel takes for a panic, and restarts
}

// rebootWith restarts the machine and hands the firmware an argument (reboot(2), LINUX_REBOOT_CMD_RESTART2).
func rebootWith(argument string) error {
	text, err := unix.BytePtrFromString(argument)
	if err != nil {
		return err
	}
	_, _, errno := unix.Syscall6(unix.SYS_REBOOT, unix.LINUX_REBOOT_MAGIC1, unix.LINUX_REBOOT_MAGIC2, unix.LINUX_REBOOT_CMD_RESTART2,
		uintptr(unsafe.Pointer(text)), 0, 0)
	return errno
}

func unmountDisks(console io.Writer) {
	table, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		fmt.Fprintln(console, "init:", err)
	}
	for _, dir := range blockMounts(string(table)) {
		if err := unix.Unmount(dir, 0); err != nil {
			fmt.Fprintf(console, "init: unmount %s: %v\n", dir, err)
			_ = unix.Mount("", dir, "", unix.MS_REMOUNT|unix.MS_RDONLY, "")
		}
	}
}

// bounded runs do, and tells whether it came back in time. What did not is left behind: the machine ends.
func bounded(limit time.Duration, do func()) bool {
	done := make(chan struct{})
	go func() {
		defer close(done)
		do()
	}()
	select {
	case <-done:
		return true
	case <-time.After(limit):
		return false
	}
}
