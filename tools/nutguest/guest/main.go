// Program guest is the init of a guest that runs NUT's own usbhid-ups and upsd and shows what upsc says.
//
// It prints what upsc says of the UPS named "ups" as lines "upsc NAME: VALUE", between "upsc-begin" and "upsc-end", for as long as the machine runs.
package main

import (
	"bufio"
	"bytes"
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

// pause lies between two looks at the UPS.
const pause = 200 * time.Millisecond

func main() {
	if err := prepare(); err != nil {
		fmt.Println("guest:", err)
	}
	go keep("/lib/systemd/systemd-udevd")
	await("/run/udev/control")
	go keep("/lib/nut/usbhid-ups", "-a", "ups", "-u", "root", "-D")
	go keep("/lib/nut/upsd", "-u", "root", "-D")
	for {
		show()
		time.Sleep(pause)
	}
}

// prepare mounts the file systems and brings the loopback interface up.
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
	lo, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	s, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(s)
	lo.SetUint16(unix.IFF_UP)
	return unix.IoctlIfreq(s, unix.SIOCSIFFLAGS, lo)
}

// await waits for a file that a program makes when it is ready, but no longer than it may matter.
func await(path string) {
	for range 50 {
		if _, err := os.Stat(path); err == nil {
			return
		}
		time.Sleep(pause / 4)
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

// show prints what upsc says now.
func show() {
	var out, complaint bytes.Buffer
	cmd := exec.Command("/bin/upsc", "ups@127.0.0.1")
	cmd.Stdout, cmd.Stderr = &out, &complaint
	err := cmd.Run()
	var text bytes.Buffer
	fmt.Fprintln(&text, "upsc-begin")
	for lines := bufio.NewScanner(&out); lines.Scan(); {
		fmt.Fprintln(&text, "upsc", lines.Text())
	}
	if err != nil {
		fmt.Fprintf(&text, "upsc-error: %q\n", complaint.Bytes())
	}
	fmt.Fprintln(&text, "upsc-end")
	os.Stdout.Write(text.Bytes())
}
