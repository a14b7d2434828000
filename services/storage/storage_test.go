package storage

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func file(t *testing.T, path string) *File {
	t.Helper()
	root, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	f, err := root.File("f", 100, 0o640)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestSaveThenLoad(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	f := file(t, path)
	if r, err := f.Load(); err != nil || r.Version != None || r.Data != nil || r.Reason != nil {
		t.Errorf("never saved: %+v, %v", r, err)
	}
	for _, data := range []string{"", "one\n", "no newline", strings.Repeat("x", 100), "\x00\xff\n# sha256 \n"} {
		if err := f.Save([]byte(data)); err != nil {
			t.Fatal(err)
		}
		if r, err := file(t, path).Load(); err != nil || string(r.Data) != data || r.Version != Current || r.Reason != nil {
			t.Errorf("saved %q: %+v, %v", data, r, err)
		}
	}
	if err := f.Save(make([]byte, 101)); err == nil || !strings.Contains(err.Error(), f.path) {
		t.Errorf("101 bytes with a limit of 100: %v", err)
	}
	entries, err := os.ReadDir(path)
	if err != nil || len(entries) != 2 {
		t.Errorf("want f and f.old, got %v, %v", entries, err)
	}
	for _, e := range entries {
		if info, err := e.Info(); err != nil || info.Mode() != 0o640 {
			t.Errorf("%s: %v, %v", e.Name(), info.Mode(), err)
		}
	}
}

func TestSameDataIsNotWrittenAgain(t *testing.T) {
	path := t.TempDir()
	f := file(t, path)
	var inodes [2]uint64
	for i := range inodes {
		if err := f.Save([]byte("one\n")); err != nil {
			t.Fatal(err)
		}
		var st unix.Stat_t
		if err := unix.Stat(f.path, &st); err != nil {
			t.Fatal(err)
		}
		inodes[i] = st.Ino
	}
	if inodes[0] != inodes[1] {
		t.Error("the second Save wrote the file again")
	}
}

// Every flipped bit of every byte, every shorter length and any byte more is seen, and the version before is read instead.
func TestDamageIsSeen(t *testing.T) {
	good := encode([]byte("two\n"))
	var bad [][]byte
	for i := range good {
		bad = append(bad, good[:i])
		for bit := range 8 {
			c := bytes.Clone(good)
			c[i] ^= 1 << bit
			bad = append(bad, c)
		}
	}
	bad = append(bad, append(bytes.Clone(good), '\n'), append([]byte{' '}, good...), make([]byte, 10_000))
	d := diskWith(map[string]string{"f.old": whole("one\n")}, 1_000_000)
	root, err := open(dir, d)
	if err != nil {
		t.Fatal(err)
	}
	f, err := root.File("f", 100, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	for _, content := range bad {
		d.names[filepath.Join(dir, "f")] = &inode{content, true}
		r, err := f.Load()
		if err != nil || string(r.Data) != "one\n" || r.Version != Previous || !errors.Is(r.Reason, ErrDamaged) {
			t.Fatalf("%q: %+v, %v", content, r, err)
		}
	}
}

func TestNothingWhole(t *testing.T) {
	path := t.TempDir()
	f := file(t, path)
	if err := os.WriteFile(f.path, []byte("torn"), 0o644); err != nil {
		t.Fatal(err)
	}
	r, err := f.Load()
	if !errors.Is(err, ErrDamaged) || r.Version != None || r.Data != nil || !strings.Contains(err.Error(), f.path+": damaged") {
		t.Errorf("%+v, %v", r, err)
	}
	if err := f.Save([]byte("new\n")); err != nil {
		t.Fatal(err)
	}
	if r, err := f.Load(); err != nil || string(r.Data) != "new\n" {
		t.Errorf("%+v, %v", r, err)
	}
}

// What takes a file's place is not waited for or followed.
func TestNoFile(t *testing.T) {
	for name, put := range map[string]func(path string) error{
		"pipe":      func(path string) error { return unix.Mkfifo(path, 0o644) },
		"link":      func(path string) error { return os.Symlink("/dev/zero", path) },
		"directory": func(path string) error { return os.Mkdir(path, 0o755) },
	} {
		f := file(t, t.TempDir())
		if err := put(f.path); err != nil {
			t.Fatal(err)
		}
		if r, err := f.Load(); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
	}
}

func TestOpen(t *testing.T) {
	parent := t.TempDir()
	path := filepath.Join(parent, "state")
	for range 2 {
		if _, err := Open(path); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(path, "f.new"), []byte("half"), 0o644); err != nil {
		t.Fatal(err)
	}
	d, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if entries, err := os.ReadDir(path); err != nil || len(entries) != 0 {
		t.Errorf("left over: %v, %v", entries, err)
	}
	for _, name := range []string{"", ".", "..", "a/b", "/a", "a.new", "a.keep", "a.old"} {
		if _, err := d.File(name, 1, 0o644); err == nil {
			t.Errorf("%q is taken as a name", name)
		}
	}
	if _, err := Open(filepath.Join(parent, "no", "state")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no parent: %v", err)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(encode(nil))
	f.Add(encode([]byte("one\n")))
	f.Add(encode(encode([]byte("one\n"))))
	f.Add([]byte("# sha256 \n"))
	f.Fuzz(func(t *testing.T, content []byte) {
		data, err := decode(content)
		if err == nil && !bytes.Equal(encode(data), content) {
			t.Errorf("%q gives %q", content, data)
		}
		if err != nil && !errors.Is(err, ErrDamaged) {
			t.Error(err)
		}
	})
}
