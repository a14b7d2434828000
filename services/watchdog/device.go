package watchdog

import (
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// Device is a hardware watchdog (the kernel's Documentation/watchdog/watchdog-api.rst). It resets the machine when it was not fed for its
// time-out. There is no way back once it is open, save an orderly end of the machine: the kernel stops it then.
type Device struct{ file *os.File }

// Open starts the watchdog at path, "/dev/watchdog". timeout is in whole seconds; the Raspberry Pi's goes up to 15 s.
func Open(path string, timeout time.Duration) (*Device, error) {
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return nil, err
	}
	d := &Device{file}
	seconds := int(timeout / time.Second)
	err = d.control(func(fd int) error { return unix.IoctlSetPointerInt(fd, unix.WDIOC_SETTIMEOUT, seconds) })
	if err != nil {
		return d, fmt.Errorf("%s: time-out of %d s: %w", path, seconds, err)
	}
	return d, nil
}

// Feed starts the time-out again.
func (d *Device) Feed() error {
	if err := d.control(unix.IoctlWatchdogKeepalive); err != nil {
		return fmt.Errorf("%s: %w", d.file.Name(), err)
	}
	return nil
}

func (d *Device) control(do func(fd int) error) error {
	conn, err := d.file.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	if err := conn.Control(func(fd uintptr) { failed = do(int(fd)) }); err != nil {
		return err
	}
	return failed
}
