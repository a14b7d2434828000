package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// ending is how the card ends.
type ending int

const (
	powerOff ending = iota
	reboot
)

func (e ending) String() string {
	if e == powerOff {
		return "power off"
	}
	return "reboot"
}

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
	command := unix.LINUX_REBOOT_CMD_RESTART
	if how == powerOff {
		command = unix.LINUX_REBOOT_CMD_POWER_OFF
	}
	err := unix.Reboot(command)
	fmt.Fprintf(console, "init: %s: %v\n", how, err)
	os.Exit(1) // which the kernel takes for a panic, and restarts
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
