package image

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/upscard/upscard/board/rpi"
	"github.com/upscard/upscard/services/layout"
)

// What was written is read back, shorter or longer than before, whatever the case of its name; the checker of FAT agrees.
func TestWriteFile(t *testing.T) {
	path := build(t, small(rpi.Files))
	d, err := Open(path, true)
	if err != nil {
		t.Fatal(err)
	}
	fat, err := d.FAT(layout.SystemB)
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name, read string
		size       int
	}{
		{"vmlinuz", "VMLINUZ", 100_000}, {"vmlinuz", "vmlinuz", 10}, {"overlays/new.dtbo", "Overlays/new.dtbo", 513}, {"licences/linux.txt", "licences/linux.txt", 1363},
		{"another directory/file", "another directory/file", 1},
	} {
		data := bytes.Repeat([]byte{'x'}, tc.size)
		if err := fat.WriteFile(tc.name, data); err != nil {
			t.Fatal(err)
		}
		if got, err := fat.ReadFile(tc.read); err != nil || !bytes.Equal(got, data) {
			t.Errorf("%s: got %d bytes of %d: %v", tc.name, len(got), len(data), err)
		}
	}
	if _, err := fat.ReadFile("none.txt"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing file: %v", err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	check(t, path)
}

// check runs fsck.fat over each FAT partition.
func check(t *testing.T, path string) {
	t.Helper()
	fsck, err := exec.LookPath("/usr/sbin/fsck.fat")
	if err != nil {
		t.Skip("fsck.fat is missing (dosfstools): nobody else looked at the file systems")
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, p := range layout.Partitions {
		if p.Type != layout.FAT32 {
			continue
		}
		data := make([]byte, p.Size)
		if _, err := f.ReadAt(data, p.Start); err != nil {
			t.Fatal(err)
		}
		part := filepath.Join(t.TempDir(), "part")
		if err := os.WriteFile(part, data, 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command(fsck, "-n", part).CombinedOutput(); err != nil {
			t.Errorf("partition %d: %v:\n%s", p.Number, err, out)
		}
	}
}

func TestOpenErrors(t *testing.T) {
	dir := t.TempDir()
	for name, tc := range map[string]struct {
		data []byte
		want string
	}{
		"short": {make([]byte, 100), "first sector: EOF"},
		"blank": {make([]byte, 512), "first sector: no MBR signature"},
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, tc.data, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(path, false); err == nil || !strings.HasSuffix(err.Error(), tc.want) {
			t.Errorf("%s: %v, want %s", name, err, tc.want)
		}
	}
	path := build(t, small(rpi.Files))
	d, err := Open(path, false)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	for _, number := range []int{0, layout.State, 5} {
		if _, err := d.FAT(number); err == nil {
			t.Errorf("partition %d was opened as FAT", number)
		}
	}
}

// mke2fs makes the same file system each time.
func TestEmptyState(t *testing.T) {
	if _, err := findMke2fs(); err != nil {
		t.Skip(err)
	}
	one, err := EmptyState(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	two, err := EmptyState(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(one, two) {
		t.Error("two runs of mke2fs differ")
	}
	if int64(len(one)) != layout.Of(layout.State).Size {
		t.Errorf("%d bytes do not fill the partition", len(one))
	}
}
