package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// needRoot skips a test that only root can do.
func needRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() == 0 {
		return
	}
	if os.Getenv("CI") == "true" {
		t.Fatal("needs root, and CI must test it")
	}
	t.Skip("needs root")
}

func TestMountingTwiceIsMountingOnce(t *testing.T) {
	needRoot(t)
	root := t.TempDir()
	table := []mount{
		{"/run", "tmpfs", unix.MS_NOSUID, "mode=0755,size=1m"},
		{"/run/inner", "tmpfs", unix.MS_NOSUID, "mode=0700,size=1m"},
	}
	t.Cleanup(func() {
		for _, m := range slices.Backward(table) {
			if err := unix.Unmount(filepath.Join(root, m.dir), 0); err != nil {
				t.Error(err)
			}
		}
	})
	for range 2 {
		if err := mountAll(root, table); err != nil {
			t.Skipf("nothing can be mounted here: %v", err)
		}
	}
	mounts, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(mounts), root+"/run"); n != 2 {
		t.Errorf("%d mounts, want 2:\n%s", n, mounts)
	}
}

func TestMountAllGoesOnAndNamesWhatFailed(t *testing.T) {
	root := t.TempDir()
	if err := os.WriteFile(filepath.Join(root, "file"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	err := mountAll(root, []mount{{dir: "/file/x"}, {dir: "/file/y"}})
	if err == nil || !strings.Contains(err.Error(), "mount /file/x:") || !strings.Contains(err.Error(), "mount /file/y:") {
		t.Errorf("got %v", err)
	}
}

func TestDirectoriesAreMadeTwice(t *testing.T) {
	root := t.TempDir()
	uid, gid := uint32(os.Getuid()), uint32(os.Getgid())
	table := []directory{{"/run/nut", 0o1777, uid, gid}, {"/run/netd", 0o750, uid, gid}}
	for range 2 {
		if err := makeDirectories(root, table); err != nil {
			t.Fatal(err)
		}
	}
	for _, d := range table {
		var st unix.Stat_t
		if err := unix.Stat(filepath.Join(root, d.path), &st); err != nil || st.Mode&0o7777 != d.mode {
			t.Errorf("%s has mode %o, want %o (%v)", d.path, st.Mode&0o7777, d.mode, err)
		}
	}
}

func TestBlockMounts(t *testing.T) {
	const table = "proc /proc proc rw 0 0\n/dev/vda4 /state ext4 rw 0 0\n/dev/vda1 /state/a\\040b vfat ro 0 0\ntmpfs /run tmpfs rw 0 0\n"
	if got, want := blockMounts(table), []string{"/state/a b", "/state"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
