package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// block is a device of a made-up machine.
type block struct {
	bus     string // directory below /sys/devices
	files   map[string]string
	parts   int
	holders map[string]string // partition to what is built on it
}

var machine = map[string]block{
	"sda": {"pci0/ata1", map[string]string{"size": "1000000", "removable": "0", "ro": "0", "device/vendor": "ATA     ", "device/model": "Fast Disk"}, 2,
		map[string]string{"sda2": "dm-0"}},
	"dm-0":    {"virtual", map[string]string{"size": "900000", "removable": "0", "ro": "0"}, 0, nil},
	"loop0":   {"virtual", map[string]string{"size": "900000", "removable": "1", "ro": "0"}, 0, nil},
	"sdb":     {"pci0/usb1/1-1", map[string]string{"size": "500000", "removable": "1", "ro": "0", "device/vendor": "Generic", "device/model": "Flash Disk"}, 1, nil},
	"sdc":     {"pci0/usb1/1-2", map[string]string{"size": "0", "removable": "1", "ro": "0", "device/vendor": "Generic", "device/model": "Reader"}, 0, nil},
	"sdd":     {"pci0/usb1/1-3", map[string]string{"size": "500000", "removable": "1", "ro": "1", "device/model": "Locked"}, 0, nil},
	"sde":     {"pci0/usb1/1-4", map[string]string{"size": "8000000", "removable": "0", "ro": "0", "device/model": "Hard disk"}, 1, nil},
	"mmcblk0": {"platform/mmc0", map[string]string{"size": "31116288", "removable": "0", "ro": "0", "device/type": "SD", "device/name": "SD16G"}, 1, nil},
	"mmcblk1": {"platform/mmc1", map[string]string{"size": "31116288", "removable": "0", "ro": "0", "device/type": "MMC", "device/name": "eMMC"}, 1, nil},
	"sdf":     {"pci0/usb1/1-5", map[string]string{"size": "10000", "removable": "1", "ro": "0", "device/model": "Tiny"}, 0, nil},
}

const mounts = `22 1 253:0 / / rw,relatime shared:1 - ext4 /dev/mapper/root rw
23 22 0:5 / /proc rw - proc proc rw
24 22 8:17 / /media/my\040stick rw shared:2 - vfat /dev/sdb1 rw
25 22 0:50 / /mnt rw - btrfs /dev/sde1 rw
broken
`

// number is the device number in the made-up machine.
var numbers = map[string]string{"dm-0": "253:0", "sdb1": "8:17"}

func write1(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
}

func link(t *testing.T, target, path string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(target, path); err != nil {
		t.Fatal(err)
	}
}

// fakeHost builds the machine's /sys, /proc and /dev, where devices are files.
func fakeHost(t *testing.T) host {
	t.Helper()
	top := t.TempDir()
	h := host{filepath.Join(top, "sys"), filepath.Join(top, "proc"), filepath.Join(top, "dev")}
	for name, b := range machine {
		dir := filepath.Join(h.sys, "devices", b.bus, "block", name)
		for file, content := range b.files {
			write1(t, filepath.Join(dir, file), content)
		}
		link(t, dir, filepath.Join(h.sys, "block", name))
		nodes := map[string]string{name: dir}
		for i := range b.parts {
			part := fmt.Sprint(name, map[bool]string{true: "p"}[strings.HasPrefix(name, "mmc")], i+1)
			nodes[part] = filepath.Join(dir, part)
			write1(t, filepath.Join(dir, part, "partition"), fmt.Sprint(i+1))
			if holder := b.holders[part]; holder != "" {
				link(t, "../../../../../../virtual/block/"+holder, filepath.Join(dir, part, "holders", holder))
			}
		}
		for node, dir := range nodes {
			link(t, dir, filepath.Join(h.sys, "class/block", node))
			write1(t, filepath.Join(h.dev, node), "")
			if n := numbers[node]; n != "" {
				link(t, dir, filepath.Join(h.sys, "dev/block", n))
			}
		}
	}
	write1(t, filepath.Join(h.proc, "self/mountinfo"), mounts)
	write1(t, filepath.Join(h.proc, "swaps"), "Filename Type Size Used Priority\n/dev/mmcblk1p1 partition 100 0 -2\n/swapfile file 100 0 -3")
	return h
}

func TestList(t *testing.T) {
	h := fakeHost(t)
	var out bytes.Buffer
	if code := run(t.Context(), flasher{host: h, out: &out}, nil, &out); code != 0 {
		t.Fatalf("%d: %s", code, out.String())
	}
	want := `DEV/mmcblk0   15.9 GB  sd   SD16G
DEV/sdb  256.0 MB  usb  Generic Flash Disk  (in use: /media/my stick)
DEV/sdd  256.0 MB  usb  Locked
DEV/sdf    5.1 MB  usb  Tiny
`
	if got := strings.ReplaceAll(out.String(), h.dev, "DEV"); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	out.Reset()
	if err := os.RemoveAll(filepath.Join(h.sys, "block")); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(h.sys, "block"), 0o755); err != nil {
		t.Fatal(err)
	}
	if code := run(t.Context(), flasher{host: h, out: &out}, nil, &out); code != 0 || !strings.Contains(out.String(), "Plug one in") {
		t.Errorf("%d: %s", code, out.String())
	}
}

func TestAllowed(t *testing.T) {
	h := fakeHost(t)
	file := filepath.Join(t.TempDir(), "card.img")
	if err := os.WriteFile(file, make([]byte, 200<<20>>10), 0o644); err != nil {
		t.Fatal(err)
	}
	link(t, "../sdd", filepath.Join(h.dev, "disk/by-id"))
	const never, forced = "", "forced"
	for _, test := range []struct{ device, said, force string }{
		{"mmcblk0", "", ""},
		{"sda", "the running system lives on it (/ on dm-0)", never},
		{"mmcblk1", "the running system lives on it (swap on mmcblk1p1)", never},
		{"dm-0", "the running system lives on it", never},
		{"sdb", "sdb1 is mounted on /media/my stick: unmount it first (umount /dev/sdb1)", forced},
		{"sdc", "there is no card in it", never},
		{"sdd", "write-protected", never},
		{"sde", "sde1 is mounted on /mnt", forced},
		{"loop0", "loop0 (an unnamed device) is no SD card", forced},
		{"sdf", "the image needs 100.0 MB, the device has 5.1 MB: take a larger one", never},
		{file, "the image needs 100.0 MB, the device has 204800 bytes", never},
		{"sdb1", "is a partition: name the whole device", never},
		{"sdz", "there is no such device", never},
		{filepath.Dir(file), "is no block device", never},
		{h.dev + "/sdd", "write-protected", never},
		{h.dev + "/disk/../sdd", "write-protected", never},
	} {
		for _, force := range []bool{false, true} {
			d, err := h.find(test.device)
			if err == nil {
				err = allowed(d, 100e6, force)
			}
			if test.said == "" || force && test.force == forced {
				if err != nil {
					t.Errorf("%s, force %v: %v", test.device, force, err)
				}
			} else if err == nil || !strings.Contains(err.Error(), test.said) {
				t.Errorf("%s, force %v: %v, want %q", test.device, force, err, test.said)
			}
		}
	}
}

// The machine that runs the test has a root file system that is seen as such, if it is on a device at all.
func TestThisMachine(t *testing.T) {
	h := host{"/sys", "/proc", "/dev"}
	disks, err := h.disks()
	if err != nil {
		t.Skipf("no block devices here: %v", err)
	}
	for _, d := range disks {
		t.Logf("%+v", d)
		for _, u := range d.uses {
			if u.where == "/" && allowed(d, 1, true) == nil {
				t.Errorf("%s may be overwritten", d.path)
			}
		}
	}
}

func FuzzParseMounts(f *testing.F) {
	f.Add(mounts)
	f.Fuzz(func(t *testing.T, text string) {
		for _, u := range parseMounts(text, func(number string) string { return number }) {
			if u.device == "" {
				t.Errorf("%q: a use of no device", text)
			}
		}
	})
}
