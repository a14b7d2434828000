package main

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestWrongUse(t *testing.T) {
	for _, test := range []struct{ args, said string }{
		{"-fast", "flag provided but not defined"},
		{"-ready x", "invalid value"},
		{"eth0", `"eth0": no arguments are taken`},
	} {
		var stderr bytes.Buffer
		if code := run(strings.Fields(test.args), &stderr); code != 2 || !strings.Contains(stderr.String(), test.said) {
			t.Errorf("netd %s: exit code %d, %q", test.args, code, stderr.String())
		}
	}
}

func TestRunDirectoryThatCannotBeIsAFailure(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	if code := run([]string{"-run", file}, &stderr); code != 1 || !strings.Contains(stderr.String(), file) {
		t.Errorf("exit code %d, %q", code, stderr.String())
	}
}

func TestSayReady(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	fd, err := syscall.Dup(int(w.Fd())) // sayReady closes it
	if err != nil {
		t.Fatal(err)
	}
	logger := slog.New(slog.DiscardHandler)
	sayReady(0, logger) // nobody is to be told
	sayReady(fd, logger)
	got := make([]byte, 16)
	n, err := r.Read(got)
	if err != nil || string(got[:n]) != "READY\n" {
		t.Errorf("got %q, %v", got[:n], err)
	}
}
