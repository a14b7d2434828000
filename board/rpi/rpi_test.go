package rpi

import (
	"bytes"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/upscard/upscard/board"
	"github.com/upscard/upscard/services/config"
	"github.com/upscard/upscard/services/layout"
)

func own(t *testing.T, name string) string {
	t.Helper()
	data, err := fs.ReadFile(Own(), name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// Every text is used, and every row names one.
func TestOwnFiles(t *testing.T) {
	entries, err := fs.ReadDir(Own(), ".")
	if err != nil {
		t.Fatal(err)
	}
	var there, used []string
	for _, e := range entries {
		there = append(there, e.Name())
	}
	for _, f := range Files {
		if f.From == board.Own {
			used = append(used, f.Source())
		}
	}
	slices.Sort(used)
	if !slices.Equal(there, used) {
		t.Errorf("the directory has %q, the table %q", there, used)
	}
}

func TestNamesAreUnique(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range Files {
		for _, p := range f.On {
			key := string(rune('0'+p)) + strings.ToLower(f.Name)
			if seen[key] {
				t.Errorf("%s is on partition %d twice", f.Name, p)
			}
			seen[key] = true
		}
	}
}

func TestAutobootChoosesA(t *testing.T) {
	if got, want := own(t, layout.AutobootFile), string(layout.Autoboot(layout.SystemA)); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// What is flashed is the default configuration, and it stays right when an owner removes every mark of a comment.
func TestSampleConfiguration(t *testing.T) {
	sample := own(t, "upscard.toml")
	got, err := config.Parse("upscard.toml", []byte(sample))
	if err != nil {
		t.Fatalf("as flashed: %v", err)
	}
	if len(got.UPS)+len(got.Users) != 0 {
		t.Errorf("as flashed it decides something: %+v", got)
	}
	var active []byte
	for line := range bytes.Lines([]byte(sample)) {
		if !bytes.HasPrefix(line, []byte("# ")) {
			line = bytes.TrimPrefix(line, []byte("#"))
		}
		active = append(active, line...)
	}
	got, err = config.Parse("upscard.toml", active)
	if err != nil {
		t.Fatalf("without comment marks: %v\n%s", err, active)
	}
	if len(got.Listen) != 2 || len(got.UPS) != 1 || len(got.Users) != 1 || !got.UPS[0].Bound() || got.Network.Hostname == "" || len(got.Network.Interfaces) != 1 {
		t.Errorf("without comment marks: %+v", got)
	}
}

func TestCommandLine(t *testing.T) {
	line := own(t, "cmdline.txt")
	words := strings.Fields(line)
	if strings.Count(line, "\n") != 1 || !strings.HasSuffix(line, "\n") {
		t.Errorf("%q is not one line, which is all that the firmware reads", line)
	}
	if last := words[slices.IndexFunc(words, func(w string) bool { return strings.HasPrefix(w, "console=serial0") }):]; slices.ContainsFunc(last[1:], isConsole) {
		t.Errorf("%q: the serial console is not the last one", line)
	}
	for _, want := range []string{"panic=10", "oops=panic"} {
		if !slices.Contains(words, want) {
			t.Errorf("%q lacks %s: a panic would hang the card", line, want)
		}
	}
}

func isConsole(word string) bool { return strings.HasPrefix(word, "console=") }
