package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestWrongUse(t *testing.T) {
	for _, test := range []struct{ args, said string }{
		{"-fast", "flag provided but not defined"},
		{"-ready x", "invalid value"},
		{"eth0", `unexpected argument`},
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
