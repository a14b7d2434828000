package main

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// setUpSystem does the small things that every program expects of a booted machine.
func setUpSystem() error {
	// Ctrl-Alt-Del becomes SIGINT to us instead of a reset.
	cad := unix.Reboot(unix.LINUX_REBOOT_CMD_CAD_OFF)
	return errors.Join(
		named("loopback", interfaceUp("lo")),
		named("ports", os.WriteFile("/proc/sys/net/ipv4/ip_unprivileged_port_start", []byte(firstPort), 0)),
		named("ctrl-alt-del", cad),
	)
}

// firstPort is the first port that it takes no capability to listen on: tlsshim's. Landlock has which programs may listen at all.
const firstPort = "401"

func named(what string, err error) error {
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

func interfaceUp(name string) error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	request, err := unix.NewIfreq(name)
	if err != nil {
		return err
	}
	if err := unix.IoctlIfreq(fd, unix.SIOCGIFFLAGS, request); err != nil {
		return err
	}
	request.SetUint16(request.Uint16() | unix.IFF_UP)
	return unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, request)
}

// openConsole opens the console for writing; what the kernel gave us as stderr is the next best.
func openConsole() *os.File {
	f, err := os.OpenFile("/dev/console", os.O_WRONLY|unix.O_NOCTTY, 0)
	if err != nil {
		return os.Stderr
	}
	return f
}
