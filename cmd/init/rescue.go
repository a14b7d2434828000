package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// rescue keeps a shell for root on the serial console until ctx ends.
func (c *card) rescue(ctx context.Context) {
	name := consoleName("/sys")
	var sane *unix.Termios // the terminal's settings before the first shell changed them
	for ctx.Err() == nil {
		if err := c.shell(ctx, name, &sane); err != nil {
			c.logger.Error("rescue shell", "err", err)
		}
		sleep(ctx, time.Second)
	}
}

// shell runs one shell to its end.
func (c *card) shell(ctx context.Context, name string, sane **unix.Termios) error {
	tty, err := os.OpenFile(filepath.Join("/dev", name), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		return err
	}
	defer tty.Close()
	if err := restore(int(tty.Fd()), sane); err != nil {
		return fmt.Errorf("%s: terminal settings: %w", name, err)
	}
	fmt.Fprintf(tty, "upscard: rescue shell on %s\n", name)
	// TERM=screen: gosh's line editor asks any other terminal for its colours and waits ten seconds where none answers.
	cmd := &exec.Cmd{Path: "/bin/gosh", Args: []string{"gosh"}, Dir: "/",
		Env:   []string{"PATH=/bin:/bbin", "HOME=/", "TERM=screen"},
		Stdin: tty, Stdout: tty, Stderr: tty,
		SysProcAttr: &syscall.SysProcAttr{Setsid: true, Setctty: true, Ctty: 0}}
	if err := c.reaper.Start(cmd); err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { _ = cmd.Process.Kill() })
	defer stop()
	return c.reaper.Wait(cmd)
}

// restore puts a terminal's settings back: a shell that was killed leaves it without echo. The first time it remembers them.
func restore(fd int, sane **unix.Termios) (err error) {
	if *sane == nil {
		*sane, err = unix.IoctlGetTermios(fd, unix.TCGETS)
		return err
	}
	return unix.IoctlSetTermios(fd, unix.TCSETS, *sane)
}

// consoleName returns the device that the kernel's console is: the last one of those that it names.
func consoleName(sysfs string) string {
	active, err := os.ReadFile(filepath.Join(sysfs, "class/tty/console/active"))
	names := strings.Fields(string(active))
	if err != nil || len(names) == 0 {
		return "console"
	}
	return names[len(names)-1]
}
