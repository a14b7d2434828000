package storage

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const dir = "/state"

// before are the states in which a power cut may find a file: the content of each of its copies, and what Load makes of it.
var before = map[string]struct {
	copies map[string]string
	old    string // "" is a file that was never saved or cannot be read
}{
	"never saved":      {nil, ""},
	"saved once":       {map[string]string{"f": whole("one\n")}, "one\n"},
	"saved twice":      {map[string]string{"f": whole("two\n"), "f.old": whole("one\n")}, "two\n"},
	"current damaged":  {map[string]string{"f": "torn", "f.old": whole("one\n")}, "one\n"},
	"current missing":  {map[string]string{"f.old": whole("one\n")}, "one\n"},
	"previous damaged": {map[string]string{"f": whole("two\n"), "f.old": "torn"}, "two\n"},
	"a write left":     {map[string]string{"f": whole("two\n"), "f.new": "torn", "f.keep": whole("two\n")}, "two\n"},
	"current refused":  {map[string]string{"f": whole("?\n"), "f.old": whole("one\n")}, "one\n"},
	"both damaged":     {map[string]string{"f": "torn", "f.old": "torn"}, ""},
}

func whole(data string) string { return string(encode([]byte(data))) }

func diskWith(copies map[string]string, left int) *memDisk {
	d := newMemDisk(left)
	for name, content := range copies {
		node := &inode{[]byte(content), true}
		d.names[filepath.Join(dir, name)], d.durable[filepath.Join(dir, name)] = node, node
	}
	return d
}

// saveOn opens the file on the disk, then saves data.
func saveOn(d disk, data string) (opened bool, err error) {
	root, err := open(dir, d)
	if err != nil {
		return false, err
	}
	f, err := root.File("f", 100, 0o644)
	if err != nil {
		return false, err
	}
	return true, f.Save([]byte(data))
}

func loadFrom(t *testing.T, d disk, path string) string {
	t.Helper()
	root, err := open(path, d)
	if err != nil {
		t.Fatal(err)
	}
	f, err := root.File("f", 100, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	value, _, _ := Load(f, func(data []byte) (string, error) {
		if strings.HasPrefix(string(data), "?") {
			return "", errors.New("not understood")
		}
		return string(data), nil
	})
	return value
}

// cut cuts the power after each system call of a Save, and returns what is wrong with what is then read.
func cut(t *testing.T, copies map[string]string, old string, lies bool) (wrong []string, worlds int) {
	t.Helper()
	for calls := 0; ; calls++ {
		d := diskWith(copies, calls)
		d.lies = lies
		_, err := saveOn(d, "new\n")
		if err != nil && !errors.Is(err, errPower) {
			t.Fatalf("after %d calls: %v", calls, err)
		}
		for _, world := range d.afterCut() {
			worlds++
			got := loadFrom(t, world, dir)
			if got != "new\n" && (got != old || err == nil) {
				wrong = append(wrong, fmt.Sprintf("power cut after %d calls, Save said %v: Load gives %q", calls, err, got))
			}
			if _, err := saveOn(world, "next\n"); err != nil {
				wrong = append(wrong, fmt.Sprintf("power cut after %d calls: the next Save says %v", calls, err))
			}
			if got := loadFrom(t, world, dir); got != "next\n" {
				wrong = append(wrong, fmt.Sprintf("power cut after %d calls: after the next Save, Load gives %q", calls, got))
			}
		}
		if err == nil {
			return wrong, worlds
		}
	}
}

func TestPowerCutAtEveryCall(t *testing.T) {
	for name, state := range before {
		wrong, worlds := cut(t, state.copies, state.old, false)
		t.Logf("%s: %d states of the disk after a power cut", name, worlds)
		for _, w := range wrong {
			t.Errorf("%s: %s", name, w)
		}
	}
}

// Two power cuts in a row: the second meets what the first has left.
func TestPowerCutTwice(t *testing.T) {
	for calls := 0; ; calls++ {
		d := diskWith(before["saved twice"].copies, calls)
		_, err := saveOn(d, "middle\n")
		for _, world := range d.afterCut() {
			old := loadFrom(t, world, dir)
			copies := map[string]string{}
			for path, node := range world.names {
				copies[filepath.Base(path)] = string(node.data)
			}
			wrong, _ := cut(t, copies, old, false)
			for _, w := range wrong {
				t.Errorf("first power cut after %d calls: %s", calls, w)
			}
		}
		if err == nil {
			return
		}
	}
}

func TestHarnessSeesADiskThatLies(t *testing.T) {
	if wrong, _ := cut(t, before["saved twice"].copies, "two\n", true); len(wrong) == 0 {
		t.Error("a disk that does not sync passes")
	}
}

// failing is the real file system until a call fails, like all calls after it but those that undo.
type failing struct {
	osDisk
	left *int
}

var errInput = errors.New("input/output error")

func (d failing) call() error {
	if *d.left--; *d.left < 0 {
		return errInput
	}
	return nil
}

func (d failing) create(path string, mode fs.FileMode) (writer, error) {
	if err := d.call(); err != nil {
		return nil, err
	}
	w, err := d.osDisk.create(path, mode)
	return failingWriter{w, d}, err
}

func (d failing) link(from, to string) error {
	if err := d.call(); err != nil {
		return err
	}
	return d.osDisk.link(from, to)
}

func (d failing) rename(from, to string) error {
	if err := d.call(); err != nil {
		return err
	}
	return d.osDisk.rename(from, to)
}

func (d failing) syncDir(path string) error {
	if err := d.call(); err != nil {
		return err
	}
	return d.osDisk.syncDir(path)
}

type failingWriter struct {
	writer
	disk failing
}

func (w failingWriter) Write(p []byte) (int, error) {
	if err := w.disk.call(); err != nil {
		n, _ := w.writer.Write(p[:len(p)/2])
		return n, err
	}
	return w.writer.Write(p)
}

func (w failingWriter) Sync() error { return errors.Join(w.disk.call(), w.writer.Sync()) }

// A Save that fails leaves the old or the new version, no leftovers, and can be done again by the same File.
func TestDiskThatFails(t *testing.T) {
	for calls := 0; ; calls++ {
		path := t.TempDir()
		for _, data := range []string{"one\n", "two\n"} {
			if err := save(t, path, data); err != nil {
				t.Fatal(err)
			}
		}
		left := calls
		root, err := open(path, failing{left: &left})
		if err != nil {
			t.Fatal(err)
		}
		f, err := root.File("f", 100, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		err = f.Save([]byte("new\n"))
		if err == nil {
			t.Logf("%d calls of a Save can fail", calls)
			return
		}
		if got := loadFrom(t, osDisk{}, path); !errors.Is(err, errInput) || got != "two\n" && got != "new\n" {
			t.Errorf("after %d calls: %v; Load gives %q", calls, err, got)
		}
		for _, suffix := range leftovers {
			if _, err := os.Stat(filepath.Join(path, "f"+suffix)); err == nil {
				t.Errorf("after %d calls: f%s is left", calls, suffix)
			}
		}
		left = 100
		if err := f.Save([]byte("new\n")); err != nil || loadFrom(t, osDisk{}, path) != "new\n" {
			t.Errorf("after %d calls: the next Save: %v", calls, err)
		}
	}
}

func save(t *testing.T, path, data string) error {
	t.Helper()
	root, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	f, err := root.File("f", 100, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	return f.Save([]byte(data))
}
