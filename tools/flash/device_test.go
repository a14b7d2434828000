package main

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// loopDevice gives a file of the given size as a block device until the test ends.
func loopDevice(t *testing.T, size int64) string {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("only root can make loop devices")
	}
	file := filepath.Join(t.TempDir(), "disk")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(file, size); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("losetup", "--find", "--show", file).CombinedOutput()
	if err != nil {
		t.Skipf("no loop devices here: %v: %s", err, out)
	}
	path := strings.TrimSpace(string(out))
	t.Cleanup(func() {
		if out, err := exec.Command("losetup", "--detach", path).CombinedOutput(); err != nil {
			t.Errorf("losetup --detach %s: %v: %s", path, err, out)
		}
	})
	return path
}

func TestOnRealDevices(t *testing.T) {
	img := smallImage(t)
	for name, make := range map[string]func(t *testing.T) string{
		"file": func(t *testing.T) string {
			path := filepath.Join(t.TempDir(), "disk.img")
			if err := os.WriteFile(path, bytes.Repeat([]byte{0xaa}, 60<<20), 0o600); err != nil {
				t.Fatal(err)
			}
			return path
		},
		"loop": func(t *testing.T) string { return loopDevice(t, 60<<20) },
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, pack(t, img))
			path := make(t)
			b.open, b.host = openDevice, host{"/sys", "/proc", "/dev"}
			args := []string{"-yes", "-hostname", "bench", b.path, path}
			if code := run(t.Context(), b.flasher, args, &b.stderr); code != 1 || !strings.Contains(b.stderr.String(), "-force overwrites it") {
				t.Fatalf("without -force: %d: %s", code, b.stderr.String())
			}
			args = append([]string{"-force"}, args...)
			if code := run(t.Context(), b.flasher, args, &b.stderr); code != 0 {
				t.Fatalf("%d: %s", code, b.stderr.String())
			}
			got, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got[44<<20:len(img)], img[44<<20:]) {
				t.Error("the device does not hold the image")
			}
			b.card.data = got
			if !strings.Contains(onCard(t, b), "network.hostname = 'bench'") {
				t.Error("the device does not hold the settings")
			}
		})
	}
}

// The kernel itself keeps what is in use from being opened.
func TestDeviceInUse(t *testing.T) {
	path := loopDevice(t, 8<<20)
	first, err := openDevice(path, true)
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	if second, err := openDevice(path, true); err == nil || !strings.Contains(err.Error(), path+": something uses it") {
		t.Errorf("%v, %v", second, err)
	}
}

func TestOpenDeviceErrors(t *testing.T) {
	if _, err := openDevice("/no/such/device", true); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	if os.Getuid() == 0 {
		t.Skip("root may write everything")
	}
	path := filepath.Join(t.TempDir(), "disk")
	if err := os.WriteFile(path, nil, 0o400); err != nil {
		t.Fatal(err)
	}
	if _, err := openDevice(path, true); err == nil || !strings.Contains(err.Error(), "run flash as root") {
		t.Error(err)
	}
}
