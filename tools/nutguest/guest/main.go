// Program guest is the init of a guest that runs NUT's own usbhid-ups and upsd.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"time"

	"golang.org/x/sys/unix"
)

// mounts is what the guest's programs need of the file system.
var mounts = []struct{ kind, dir string }{
	{"proc", "/proc"}, {"sysfs", "/sys"}, {"devtmpfs", "/dev"}, {"tmpfs", "/run"}, {"tmpfs", "/tmp"},
}

// What QEMU's network of its own gives a machine by DHCP, and forwards to.
var address, mask = []byte{10, 0, 2, 15}, []byte{255, 255, 255, 0}

func main() {
	if err := prepare(); err != nil {
		fmt.Println("guest:", err)
	}
	go keep("/lib/systemd/systemd-udevd")
	await("/run/udev/control")
	go keep("/lib/nut/usbhid-ups", "-a", "ups", "-u", "root", "-D")
	keep("/lib/nut/upsd", "-u", "root", "-D")
}

// prepare mounts the file systems and brings the network interfaces up.
func prepare() error {
	for _, m := range mounts {
		if err := os.MkdirAll(m.dir, 0o755); err != nil {
			return err
		}
		if err := unix.Mount(m.kind, m.dir, m.kind, 0, ""); err != nil && err != unix.EBUSY {
			return fmt.Errorf("mount %s: %w", m.dir, err)
		}
	}
	if err := os.MkdirAll("/run/nut", 0o770); err != nil {
		return err
	}
	await("/sys/class/net/eth0")
	s, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(s)
	return errors.Join(up(s, "lo", nil), up(s, "eth0", address))
}

// up gives an interface an address, nil for none but its own, and brings it up (netdevice(7)).
func up(s int, name string, address []byte) error {
	r, err := unix.NewIfreq(name)
	if err != nil {
		return err
	}
	for _, step := range []struct {
		request uint
		value   []byte
	}{{unix.SIOCSIFADDR, address}, {unix.SIOCSIFNETMASK, mask}} {
		if address == nil {
			break
		}
		if err := r.SetInet4Addr(step.value); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if err := unix.IoctlIfreq(s, step.request, r); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	r.SetUint16(unix.IFF_UP)
	if err := unix.IoctlIfreq(s, unix.SIOCSIFFLAGS, r); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// await waits for a file that shows that something is ready, but no longer than it may matter.
func await(path string) {
	for range 100 {
		if _, err := os.Stat(path); err == nil {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	fmt.Println("guest: no", path)
}

// keep runs a program for ever, a second after it ended anew. Its lines go to the console.
func keep(name string, args ...string) {
	for {
		cmd := exec.Command(name, args...)
		cmd.Env = []string{"PATH=/bin:/sbin", "HOME=/"}
		out, err := cmd.StdoutPipe()
		if err == nil {
			cmd.Stderr = cmd.Stdout
			err = cmd.Start()
		}
		if err == nil {
			for lines := bufio.NewScanner(out); lines.Scan(); {
				fmt.Printf("%s: %s\n", name, lines.Text())
			}
			err = cmd.Wait()
		}
		fmt.Printf("%s ended: %v\n", name, err)
		time.Sleep(time.Second)
	}
}
