package initramfs

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/u-root/mkuimage/cpio"
)

func TestReplace(t *testing.T) {
	dir := t.TempDir()
	base, other, out := filepath.Join(dir, "base"), filepath.Join(dir, "other"), filepath.Join(dir, "out")
	if err := write(base, mustArchive([]cpio.Record{
		cpio.StaticFile("a", "first", 0o644), cpio.StaticFile("init", "old", 0o755), cpio.Symlink("z", "init"),
	})); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(other, []byte("the other init"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Replace(out, base, map[string]string{"init": other}); err != nil {
		t.Fatal(err)
	}
	archive, err := read(out)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := strings.Join(archive.Order, " "), "a init z"; got != want {
		t.Errorf("holds %q, want %q", got, want)
	}
	for name, want := range map[string]string{"a": "first", "init": "the other init", "z": "init"} {
		r, _ := archive.Get(name)
		text, err := io.ReadAll(io.NewSectionReader(r, 0, int64(r.FileSize)))
		if err != nil || string(text) != want {
			t.Errorf("%s is %q, %v; want %q", name, text, err, want)
		}
	}
	if r, _ := archive.Get("init"); r.Mode != cpio.S_IFREG|0o755 {
		t.Errorf("init has mode %o", r.Mode)
	}
	if err := Replace(out, base, map[string]string{"bin/other": other}); err == nil || !strings.Contains(err.Error(), "bin/other") {
		t.Errorf("replaced what is not there: %v", err)
	}
	if err := Replace(base, base, map[string]string{"init": other}); err != nil {
		t.Fatal(err)
	}
	first, err1 := os.ReadFile(out)
	again, err2 := os.ReadFile(base)
	if err1 != nil || err2 != nil || !bytes.Equal(first, again) {
		t.Errorf("two runs differ: %v %v", err1, err2)
	}
}
