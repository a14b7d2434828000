package disk

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func firmwareSaid(t *testing.T, properties map[string]string) string {
	t.Helper()
	root := t.TempDir()
	dir := filepath.Join(root, "proc/device-tree/chosen/bootloader")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, value := range properties {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(value), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestBooted(t *testing.T) {
	root := firmwareSaid(t, map[string]string{"partition": "\x00\x00\x00\x03", "tryboot": "\x00\x00\x00\x01"})
	if got, err := Booted(root); err != nil || got != (System{Partition: 3, Tryboot: true}) {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestBootedErrors(t *testing.T) {
	if _, err := Booted(t.TempDir()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("without a firmware: %v", err)
	}
	if got, err := Booted(firmwareSaid(t, map[string]string{"partition": "2", "tryboot": "\x00\x00\x00\x00"})); err == nil {
		t.Errorf("a property of one byte gave %+v", got)
	}
}
