package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestInOrder(t *testing.T) {
	console := func(text string) record { return record{"console-ramoops-0", text} }
	for _, test := range []struct {
		name    string
		records []record
		want    bool
	}{
		{"nothing was kept", nil, true},
		{"reboot", []record{console("[ 9.1] reboot: Restarting system\n")}, true},
		{"power off", []record{console("[ 9.1] reboot: Power down\n")}, true},
		{"reset or power cut", []record{console("[ 1.1] usb 1-1: device not accepting address\n")}, false},
		{"panic", []record{console("[ 9.1] reboot: Restarting system\n"), {"dmesg-ramoops-0", "Panic#1 Part1\n"}}, false},
	} {
		if got := inOrder(test.records); got != test.want {
			t.Errorf("%s: got %v", test.name, got)
		}
	}
}

func TestRecordsAreMoved(t *testing.T) {
	root, pstore := t.TempDir(), t.TempDir()
	if err := os.Mkdir(filepath.Join(root, "run"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"console-ramoops-0": "the console\n",
		"dmesg-ramoops-0":   strings.Repeat("x", 2*recordBytes) + "the panic\n",
	} {
		if err := os.WriteFile(filepath.Join(pstore, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 { // a second time there is nothing to move
		records, err := readRecords(pstore)
		if err != nil {
			t.Fatal(err)
		}
		if len(records) > 0 {
			file, err := saveRecords(root, records)
			if err != nil || file != filepath.Join(root, "run/crash/last-log") {
				t.Fatalf("saved as %q, %v", file, err)
			}
		}
		if err := dropRecords(pstore, records); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(filepath.Join(root, "run/crash/last-log"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(string(text), "==> dmesg-ramoops-0 <==\nxxx") || !strings.Contains(string(text), "the panic\n==> console-ramoops-0 <==\nthe console\n") {
		t.Errorf("kept %.60q ... %q", text, text[max(0, len(text)-200):])
	}
	if len(text) > crashBytes+100 {
		t.Errorf("%d bytes were kept", len(text))
	}
}
