// Package nutguest boots a small guest that runs Debian's own NUT driver on a simulated UPS.
package nutguest

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// packages are what the guest needs of Debian; apt-get finds what they need in turn.
var packages = []string{"nut-server", "nut-client"}

// unpacked marks a complete tree.
const unpacked = ".complete"

// Packages brings Debian's arm64 packages into the cache directory, unpacked below "root", and returns that. It uses the system's own
// sources with a state of its own: nothing of the system is changed. What is there already is taken as it is.
func Packages(ctx context.Context, cache string) (string, error) {
	root := filepath.Join(cache, "root")
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
	status := filepath.Join(work, "status") // nothing is installed in the guest
	if err := os.WriteFile(status, nil, 0o644); err != nil {
		return "", err
	}
	apt := func(args ...string) error {
		return run(ctx, "apt-get", append([]string{
			"-qq", "-o", "APT::Architecture=arm64", "-o", "APT::Architectures=arm64", "-o", "APT::Sandbox::User=",
			"-o", "Acquire::Languages=none", "-o", "Dir::State=" + filepath.Join(work, "state"),
			"-o", "Dir::State::status=" + status, "-o", "Dir::Cache=" + filepath.Join(work, "cache"),
		}, args...)...)
	}
	if err := apt("update"); err != nil {
		return "", err
	}
	if err := apt(append([]string{"install", "--download-only", "--no-install-recommends", "-y"}, packages...)...); err != nil {
		return "", err
	}
	return root, unpack(ctx, filepath.Join(work, "cache/archives"), root)
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

// Available tells whether this machine has the programs that Packages and Build need.
func Available() error {
	for _, program := range []string{"apt-get", "dpkg-deb", "go"} {
		if _, err := exec.LookPath(program); err != nil {
			return fmt.Errorf("NUT's own driver cannot be had here: %w", err)
		}
	}
	return nil
}
