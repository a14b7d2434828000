package nutguest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Links are followed as a program inside the tree would follow them.
func TestInside(t *testing.T) {
	root := t.TempDir()
	for _, dir := range []string{"bin", "lib/deep"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for link, target := range map[string]string{
		"lib/absolute": "/bin/program", "lib/deep/relative": "../absolute", "bin/loop": "loop",
	} {
		if err := os.Symlink(target, filepath.Join(root, link)); err != nil {
			t.Fatal(err)
		}
	}
	for path, want := range map[string]string{
		"bin/program": "bin/program", "lib/absolute": "bin/program", "lib/deep/relative": "bin/program",
	} {
		if got, err := inside(root, path); err != nil || got != filepath.Join(root, want) {
			t.Errorf("%s leads to %s, %v, want %s", path, got, err, want)
		}
	}
	if got, err := inside(root, "bin/loop"); err == nil {
		t.Errorf("a loop leads to %s", got)
	}
}

func TestClosureNamesWhatIsMissing(t *testing.T) {
	root := t.TempDir()
	if _, err := closure(root, []string{"bin/none"}); err == nil || !strings.Contains(err.Error(), "bin/none") {
		t.Errorf("%v does not name the program", err)
	}
	if _, err := find(root, "libnone.so.1"); err == nil || !strings.Contains(err.Error(), "libnone.so.1") {
		t.Errorf("%v does not name the library", err)
	}
}
