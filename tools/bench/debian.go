package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/upscard/upscard/tools/debs"
)

// kit is what a comparison is made with.
type kit struct {
	programs string // directory of ours
	cache    string // of Debian's packages, which are not installed
}

// ours is one of our programs.
func (k kit) ours(name string) string { return filepath.Join(k.programs, name) }

// version says which one of a package is in the tree of that name, a sentence.
func (k kit) version(name, pkg string) string {
	files, _ := filepath.Glob(filepath.Join(k.cache, name, "apt/cache/archives", pkg+"_*.deb"))
	if len(files) != 1 {
		return ""
	}
	return versionOf(filepath.Base(files[0]))
}

// versionOf reads it from the name of a package's file.
func versionOf(file string) string {
	pkg, rest, _ := strings.Cut(file, "_")
	version, _, _ := strings.Cut(rest, "_")
	return fmt.Sprintf("Debian's %s %s.", pkg, strings.ReplaceAll(version, "%3a", ":"))
}

// tree is where packages of Debian's are unpacked.
type tree string

// tree unpacks packages below a name.
func (k kit) tree(ctx context.Context, name string, packages ...string) (tree, error) {
	if err := debs.Available(); err != nil {
		return "", err
	}
	root, err := debs.Unpack(ctx, filepath.Join(k.cache, name), "", packages...)
	if err != nil {
		return "", err
	}
	root, err = filepath.Abs(root)
	return tree(root), err
}

// enclosed is a program of the tree that sees nothing but the tree: what it may order in the end, its reach ends there.
func (t tree) enclosed(program string, args ...string) (*exec.Cmd, error) {
	if os.Getuid() != 0 {
		return nil, errors.New("only root may enclose a program in a directory")
	}
	cmd := exec.Command(program, args...)
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: string(t), Cloneflags: syscall.CLONE_NEWPID | syscall.CLONE_NEWNS}
	return cmd, t.prepare()
}

// prepare makes what no package has.
func (t tree) prepare() error {
	var errs []error
	for _, dir := range []string{"dev", "tmp", "run"} {
		errs = append(errs, os.MkdirAll(filepath.Join(string(t), dir), 0o755))
	}
	for file, text := range map[string]string{"passwd": "root:x:0:0::/:/bin/sh\navahi:x:902:902::/:/bin/false\n", "group": "root:x:0:\navahi:x:902:\n", "hosts": "127.0.0.1 localhost\n", "nsswitch.conf": "hosts: files\n", "services": ""} {
		errs = append(errs, os.WriteFile(filepath.Join(string(t), "etc", file), []byte(text), 0o644))
	}
	null := syscall.Mknod(filepath.Join(string(t), "dev/null"), syscall.S_IFCHR|0o666, 1<<8|3)
	if !errors.Is(null, syscall.EEXIST) {
		errs = append(errs, null)
	}
	return errors.Join(errs...)
}

// harmless reports an error if the tree has what could halt a machine.
func (t tree) harmless() error {
	for _, dir := range []string{"bin", "sbin", "usr/bin", "usr/sbin", "lib/systemd"} {
		files, _ := os.ReadDir(filepath.Join(string(t), dir)) // it may have none
		for _, f := range files {
			if slices.Contains([]string{"sh", "bash", "dash", "busybox", "shutdown", "halt", "poweroff", "reboot", "init", "telinit", "systemctl", "wall"}, f.Name()) {
				return fmt.Errorf("%s has %s/%s: nothing is started in it that may halt", t, dir, f.Name())
			}
		}
	}
	return nil
}
