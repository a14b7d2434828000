// Raspi3b boots the card's image on QEMU's Raspberry Pi 3B: what `make run MACHINE=raspi3b` calls. No UPS is plugged in, as USB is
// too slow there to tell anything.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/upscard/upscard/board/rpi"
	"github.com/upscard/upscard/tools/image"
	"github.com/upscard/upscard/tools/pifirmware"
)

func main() {
	path := flag.String("image", "images/out/upscard-rpi.img", "what would be on the SD card; it is left as it is")
	words := flag.String("append", "", "more words for the kernel's command line")
	flag.Parse()
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	if err := run(ctx, *path, *words, os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "raspi3b:", err)
		os.Exit(1)
	}
}

// run boots a copy of the image until ctx ends or the card does. words go onto the kernel's command line.
func run(ctx context.Context, path, words string, console io.Reader, out io.Writer) error {
	dir, err := os.MkdirTemp("", "upscard-raspi3b-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	machine, err := prepare(ctx, dir, path)
	if err != nil {
		return err
	}
	machine.CommandLine += " " + words

	cmd := exec.CommandContext(ctx, rpi.Program, machine.Args()...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = console, out, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 5 * time.Second
	err = cmd.Run()
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// prepare puts what QEMU needs into dir.
func prepare(ctx context.Context, dir, path string) (rpi.QEMU, error) {
	in := func(name string) string { return filepath.Join(dir, name) }
	q := rpi.QEMU{Kernel: in("kernel"), Initrd: in("initramfs"), DeviceTree: in("dtb"), Disk: in("card.img")}
	disk, err := image.Open(path, false)
	if err != nil {
		return q, err
	}
	defer disk.Close()
	boot, err := pifirmware.Load(disk, pifirmware.Pi3, false)
	if err != nil {
		return q, err
	}
	tree, err := boot.MergedTree(ctx)
	if err != nil {
		return q, err
	}
	for name, data := range map[string][]byte{q.Kernel: boot.Kernel, q.Initrd: boot.Initramfs, q.DeviceTree: tree} {
		if err := os.WriteFile(name, data, 0o600); err != nil {
			return q, err
		}
	}
	if out, err := exec.CommandContext(ctx, "cp", "--sparse=always", path, q.Disk).CombinedOutput(); err != nil {
		return q, fmt.Errorf("cp: %w: %s", err, strings.TrimSpace(string(out)))
	}
	q.CommandLine = boot.CommandLine + " upscard.watchdog=off" // this machine resets as soon as its watchdog is opened
	return q, nil
}
