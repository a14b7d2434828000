// Package debs has Debian's packages without installing them.
package debs

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"
)

// unpacked marks a complete tree.
const unpacked = ".complete"

// Unpack brings packages, and what they need in turn, into the cache directory, unpacked below "root", and returns that. arch is Debian's name
// of an architecture, "" is this machine's. It uses the system's own sources with a state of its own: nothing of the system is changed. What
// is there already is taken as it is.
func Unpack(ctx context.Context, cache, arch string, packages ...string) (string, error) {
	root := filepath.Join(cache, "root")
	lock, err := locked(cache)
	if err != nil {
		return "", err
	}
	defer lock.Close()
	if _, err := os.Stat(filepath.Join(root, unpacked)); err == nil {
		return root, nil
	}
	work, err := filepath.Abs(filepath.Join(cache, "apt"))
	if err != nil {
		return "", err
	}
	for _, dir := range []string{"state/lists/partial", "cache/archives/partial"} {
		if err := os.MkdirAll(filepath.Join(work, dir), 0o755); err != nil {
			return "", err
		}
	}
	status := filepath.Join(work, "status") // nothing is installed
	if err := os.WriteFile(status, nil, 0o644); err != nil {
		return "", err
	}
	options := []string{"-qq", "-o", "APT::Sandbox::User=", "-o", "Acquire::Languages=none", "-o", "Acquire::Retries=3", "-o", "APT::Update::Error-Mode=any",
		"-o", "Dir::State=" + filepath.Join(work, "state"),
		"-o", "Dir::State::status=" + status, "-o", "Dir::Cache=" + filepath.Join(work, "cache")}
	if arch != "" {
		options = append(options, "-o", "APT::Architecture="+arch, "-o", "APT::Architectures="+arch)
	}
	apt := func(args ...string) error { return run(ctx, "apt-get", append(slices.Clone(options), args...)...) }
	if err := apt("update"); err != nil {
		return "", err
	}
	if err := apt(append([]string{"install", "--download-only", "--no-install-recommends", "-y"}, packages...)...); err != nil {
		return "", err
	}
	return root, unpack(ctx, filepath.Join(work, "cache/archives"), root)
}

// locked keeps other tests out of a cache until it is closed: those of several packages run at once.
func locked(cache string) (*os.File, error) {
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(filepath.Join(cache, ".lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX); err != nil {
		f.Close()
		return nil, os.NewSyscallError("lock "+f.Name(), err)
	}
	return f, nil
}

// unpack extracts every package of a directory into a fresh tree.
func unpack(ctx context.Context, archives, root string) error {
	if err := os.RemoveAll(root); err != nil {
		return err
	}
	files, err := filepath.Glob(filepath.Join(archives, "*.deb"))
	if err != nil {
		return err
	}
	for _, f := range files {
		if err := run(ctx, "dpkg-deb", "-x", f, root); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(root, unpacked), nil, 0o644)
}

// run runs a program whose complaints become the error.
func run(ctx context.Context, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s %s: %w: %s", name, args[len(args)-1], err, bytes.TrimSpace(out.Bytes()))
	}
	return nil
}

// Available tells whether this machine has the programs that Unpack needs.
func Available() error {
	for _, program := range []string{"apt-get", "dpkg-deb"} {
		if _, err := exec.LookPath(program); err != nil {
			return fmt.Errorf("no packages of Debian can be had here: %w", err)
		}
	}
	return nil
}
