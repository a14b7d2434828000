package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"path/filepath"
	"strings"
	"testing"
)

// serving starts "virtups serve" and returns its control socket once it serves; it ends with the test.
func serving(t *testing.T, args ...string) string {
	t.Helper()
	dir := t.TempDir()
	control := filepath.Join(dir, "c")
	ctx, cancel := context.WithCancel(t.Context())
	out, in := io.Pipe()
	done := make(chan error, 1)
	go func() {
		words := append([]string{"serve", "-usb", filepath.Join(dir, "u"), "-control", control}, args...)
		done <- run(ctx, words, in, io.Discard)
		in.Close()
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || !strings.Contains(line, control) {
		t.Fatalf("%q, %v", line, err)
	}
	return control
}

func TestServeAndCommand(t *testing.T) {
	control := serving(t, "-speed", "60")
	var out bytes.Buffer
	for _, words := range [][]string{{"mains", "off"}, {"status"}} {
		if err := run(t.Context(), append([]string{"-control", control}, words...), &out, io.Discard); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []string{"Mains:   off", "upscard Virtual UPS 1500", "speed 60", "discharging"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q lacks %q", out.String(), want)
		}
	}
	err := run(t.Context(), []string{"-control", control, "mians", "off"}, io.Discard, io.Discard)
	if err == nil || !strings.Contains(err.Error(), `did you mean "mains"`) {
		t.Error(err)
	}
}

func TestTakenSocket(t *testing.T) {
	control := serving(t)
	err := run(t.Context(), []string{"serve", "-usb", control + "2", "-control", control}, io.Discard, io.Discard)
	if err == nil || !strings.Contains(err.Error(), "is served already") {
		t.Error(err)
	}
}

func TestWrongCalls(t *testing.T) {
	for _, c := range []struct {
		args  string
		usage bool
		want  string
	}{
		{"", true, "expected serve or a command"},
		{"-nonsense", true, "nonsense"},
		{"serve -speed 0.5x", true, "invalid value"},
		{"serve -speed 9999", true, "speed 9999 is not from 0 to 3600"},
		{"serve one two", true, `one UPS at a time: "two" is too much`},
		{"serve upscrd-1500", false, `did you mean "upscard-1500"`},
		{"-control /nowhere/at/all status", false, "no UPS is plugged in at /nowhere/at/all"},
	} {
		err := run(t.Context(), strings.Fields(c.args), io.Discard, io.Discard)
		var wrong usageError
		if err == nil || !strings.Contains(err.Error(), c.want) || errors.As(err, &wrong) != c.usage {
			t.Errorf("%q: %v, want %q", c.args, err, c.want)
		}
	}
	var out bytes.Buffer
	if err := run(t.Context(), []string{"help"}, &out, io.Discard); err != nil || !strings.Contains(out.String(), "mains on|off|VOLTS") {
		t.Errorf("help: %v, %q", err, out.String())
	}
	out.Reset()
	if err := run(t.Context(), []string{"-h"}, &out, io.Discard); err != nil || out.String() != usage {
		t.Errorf("-h: %v, %q", err, out.String())
	}
}
