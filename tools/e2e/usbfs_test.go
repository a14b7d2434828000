package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The edge to USB that needs no libusb does on a kernel what every edge must, and gives the driver its UPS back.
func TestUSBWithoutLibusb(t *testing.T) {
	m := bootReady(t, setup{files: map[string][]byte{"usbfs.test": forCard(t, "test", "-c", "../../services/usb/usbfs")}})
	out := m.shell("/usbfs.test -test.v -port 1-1 -take")
	for _, want := range []string{"--- PASS: TestConform", "--- PASS: TestTake"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	m.awaitAnswer("ups", "ups.status", `^OL`, patience)
}

// forCard makes a program for the card with the go command, whose words come without -o.
func forCard(t *testing.T, words ...string) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "program")
	last := len(words) - 1
	args := append(append([]string{words[0], "-trimpath", "-ldflags", "-s -w", "-o", path}, words[1:last]...), words[last])
	cmd := exec.Command("go", args...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=arm64")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go %s: %v: %s", strings.Join(words, " "), err, out)
	}
	program, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return program
}
