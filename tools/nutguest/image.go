package nutguest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"

	"github.com/u-root/mkuimage/cpio"

	"github.com/upscard/upscard/tools/debs"
)

// Packages brings what the guest needs of Debian into the cache directory and returns the tree, for Build.
func Packages(ctx context.Context, cache string) (root string, err error) {
	return debs.Unpack(ctx, cache, "arm64", "nut-server")
}

// programs run in the guest: the parts of NUT, and the daemon from which Debian's libusb learns that a device was plugged in again.
var programs = []string{"lib/nut/usbhid-ups", "lib/nut/upsd", "lib/systemd/systemd-udevd"}

// loader is the program interpreter that arm64 programs name.
const loader = "lib/ld-linux-aarch64.so.1"

// settings are the files that NUT reads. /etc/nut/ups.conf comes with the machine.
var settings = map[string]string{
	"etc/passwd":         "root:x:0:0:root:/:/bin/false\n",
	"etc/group":          "root:x:0:\n",
	"etc/hosts":          "127.0.0.1 localhost\n",
	"etc/nut/nut.conf":   "MODE=netserver\n",
	"etc/nut/upsd.conf":  "LISTEN 0.0.0.0 3493\n",
	"etc/nut/upsd.users": "[owner]\n  password = owners-own\n  actions = SET\n  instcmds = ALL\n",
}

// Build writes the guest's initramfs to out: NUT from the tree at root, and the guest's init.
func Build(ctx context.Context, root, out string) (err error) {
	init := filepath.Join(filepath.Dir(out), "init")
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", init,
		"github.com/upscard/upscard/tools/nutguest/guest")
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=arm64")
	if text, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build the guest's init: %w: %s", err, text)
	}
	files, err := closure(root, append([]string{loader}, programs...))
	if err != nil {
		return err
	}
	f, err := os.Create(out)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	a := archive{w: cpio.Newc.Writer(f), made: map[string]bool{".": true}}
	if err := a.executable("init", init); err != nil {
		return err
	}
	for _, name := range files {
		file, err := inside(root, name)
		if err != nil {
			return err
		}
		if err := a.executable(name, file); err != nil {
			return err
		}
	}
	for name, text := range settings {
		if err := a.add(cpio.StaticFile(name, text, 0o640)); err != nil {
			return err
		}
	}
	if err := a.add(cpio.CharDev("dev/console", 0o600, 5, 1)); err != nil {
		return err
	}
	return cpio.WriteTrailer(a.w)
}

// archive is an initramfs that is being written.
type archive struct {
	w    cpio.RecordWriter
	made map[string]bool // directories
}

func (a *archive) executable(name, from string) error {
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return a.add(cpio.StaticFile(name, string(data), 0o755))
}

// add writes a record, the directories above it first.
func (a *archive) add(r cpio.Record) error {
	if err := a.directory(path.Dir(r.Name)); err != nil {
		return err
	}
	return a.w.WriteRecord(cpio.MakeReproducible(r))
}

func (a *archive) directory(name string) error {
	if a.made[name] {
		return nil
	}
	a.made[name] = true
	return a.add(cpio.Directory(name, 0o755))
}
