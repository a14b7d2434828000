package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

// list shows the devices that an image may be written to.
func (f flasher) list() error {
	disks, err := f.host.disks()
	if err != nil {
		return err
	}
	found := 0
	for _, d := range disks {
		if !d.removable || d.size == 0 {
			continue
		}
		found++
		fmt.Fprintf(f.out, "%-10s %9s  %-4s %s%s\n", f.host.node(d.name), size(d.size), d.bus, d.model, note(d))
	}
	if found == 0 {
		fmt.Fprintln(f.out, "There is no SD card or USB stick. Plug one in, then try again.")
	}
	return nil
}

func note(d disk) string {
	var mounts []string
	for _, u := range d.uses {
		mounts = append(mounts, u.where)
	}
	if len(mounts) == 0 {
		return ""
	}
	return "  (in use: " + strings.Join(mounts, ", ") + ")"
}

// flash does the whole work, whatever can be checked before anything is written.
func (f flasher) flash(ctx context.Context, o options, imagePath, device string) error {
	image, err := openImage(imagePath)
	if err != nil {
		return err
	}
	defer image.close()
	if err := o.settings.apply(image); err != nil {
		return err
	}
	d, err := f.host.find(device)
	if err != nil {
		return err
	}
	if err := allowed(d, image.total, o.force); err != nil {
		return err
	}
	if !o.yes {
		if err := f.confirm(d); err != nil {
			return err
		}
	}
	// Only now: while it asks, Ctrl-C just ends the program.
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	t, err := f.open(d.path, !o.force)
	if err != nil {
		return err
	}
	err = f.transfer(ctx, image, t, d.path)
	return errors.Join(err, t.Close())
}

// confirm wants the device's name typed.
func (f flasher) confirm(d disk) error {
	fmt.Fprintf(f.out, "%s, %s, %s: everything on it will be lost. Type %s to go on: ", d.path, size(d.size), d.model, d.name)
	line, err := bufio.NewReader(f.in).ReadString('\n')
	if err != nil && line == "" {
		return fmt.Errorf("%s: nobody has confirmed; -yes does not ask", d.path)
	}
	if strings.TrimSpace(line) != d.name {
		return fmt.Errorf("%s: not confirmed, nothing was written", d.path)
	}
	return nil
}

// transfer writes, then reads back. Its errors say what has become of the device.
func (f flasher) transfer(ctx context.Context, image *imageFile, t target, path string) error {
	writing := newProgress(f.out, f.terminal, "writing  ", image.total)
	sums, err := write(ctx, t, image, writing.show)
	writing.end()
	if err != nil {
		return fmt.Errorf("%s: %w; it does not hold a card's system now: write it again", path, err)
	}
	reading := newProgress(f.out, f.terminal, "verifying", image.total)
	err = verify(ctx, t, sums, image.total, reading.show)
	reading.end()
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	fmt.Fprintf(f.out, "%s holds the image, SHA-256 %x. You can take it out.\n", path, sums.whole)
	return nil
}
