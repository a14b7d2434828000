package nutclients

import (
	"bytes"
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// build makes a client of the Go modules that testdata/NAME names. They are no part of ours.
func build(t *testing.T, name string) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), name)
	cmd := exec.CommandContext(t.Context(), "go", "build", "-C", filepath.Join("testdata", name), "-o", program, ".")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=-mod=readonly")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
	return program
}

// here resets the bench, and runs a program of this machine, which gets a server's host and port as its last arguments.
func (b *bench) here(t *testing.T, server string, args ...string) string {
	t.Helper()
	b.reset(t)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	host, port, _ := net.SplitHostPort(server)
	args = append(args, host, port)
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%q: %v\n%s", args, err, out)
	}
	return string(out)
}

// gonut is the library of NUT's exporter for Prometheus, and of telegraf.
func (b *bench) gonut(t *testing.T) {
	program := build(t, "gonut")
	b.compare(t, "go.nut", `"Name":"battery.charge"`, func(server string) string { return b.here(t, server, program) })
}

// telegraf is its plugin alone.
func (b *bench) telegraf(t *testing.T) {
	program := build(t, "telegraf")
	b.compare(t, "telegraf", "upsd", func(server string) string { return b.here(t, server, program) })
}

// nodeNut is what homebridge and Node-RED use.
func (b *bench) nodeNut(t *testing.T) {
	for _, program := range []string{"node", "npm"} {
		_, err := exec.LookPath(program)
		need(t, err)
	}
	dir, err := filepath.Abs("../../images/out/node-nut")
	need(t, err)
	need(t, os.MkdirAll(dir, 0o755))
	const archive = "node-nut-1.0.3.tgz"
	if _, err := os.Stat(filepath.Join(dir, archive)); err != nil {
		need(t, in(t, dir, "npm", "pack", "node-nut@1.0.3"))
	}
	modules := t.TempDir()
	need(t, in(t, modules, "tar", "xzf", filepath.Join(dir, archive)))
	script, err := filepath.Abs("testdata/nodenut.js")
	need(t, err)
	b.compare(t, "node-nut", "GetUPSVars", func(server string) string {
		return b.here(t, server, "node", script, filepath.Join(modules, "package"))
	})
}

// in runs a program in a directory.
func in(t *testing.T, dir, name string, args ...string) error {
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Logf("%s %s: %s", name, strings.Join(args, " "), bytes.TrimSpace(out))
	}
	return err
}
