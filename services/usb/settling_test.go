package usb_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/upscard/upscard/services/usb"
)

func TestSettling(t *testing.T) {
	root := t.TempDir()
	if usb.Settling(root) {
		t.Error("settling where there is no USB")
	}
	set := func(port, state string) {
		t.Helper()
		file := filepath.Join(root, "bus/usb/devices", port, "state")
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(state+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	set("1-0:1.0/usb1-port1", "configured")
	set("1-0:1.0/usb1-port2", "not attached")
	for state, want := range map[string]bool{"not attached": false, "suspended": false, "configured": false, "addressed": true, "powered": true} {
		set("1-1:1.0/1-1-port4", state)
		if got := usb.Settling(root); got != want {
			t.Errorf("a port is %s: settling %v", state, got)
		}
	}
}
