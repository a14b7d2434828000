package pifirmware

import (
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"github.com/upscard/upscard/services/layout"
)

// card is a disk as files: "partition/name" -> content.
type card map[string]string

func (c card) read(partition int, name string) ([]byte, error) {
	data, ok := c[fmt.Sprintf("%d/%s", partition, name)]
	if !ok {
		return nil, fmt.Errorf("partition %d: %s: %w", partition, name, fs.ErrNotExist)
	}
	return []byte(data), nil
}

// with returns a card on which these files differ; "" removes one.
func (c card) with(changes ...string) card {
	other := card{}
	for name, data := range c {
		other[name] = data
	}
	for i := 0; i < len(changes); i += 2 {
		if other[changes[i]] = changes[i+1]; changes[i+1] == "" {
			delete(other, changes[i])
		}
	}
	return other
}

const gzipped = "\x1f\x8b kernel "

// whole returns a card with two systems that virt and a Pi 3 can boot.
func whole() card {
	c := card{"1/autoboot.txt": string(layout.Autoboot(layout.SystemA)), "1/bootcode.bin": "loader"}
	for _, p := range []string{"2", "3"} {
		c[p+"/config.txt"] = "arm_64bit=1\nkernel=vmlinuz\ninitramfs rd followkernel\ngpu_mem=16\ndtoverlay=disable-bt\ndtoverlay=ramoops,total-size=0x1000\n"
		c[p+"/cmdline.txt"] = "console=tty1  console=serial0,115200 system=" + p + "\n"
		c[p+"/vmlinuz"] = gzipped + p
		c[p+"/rd"] = "root " + p
		c[p+"/start_cd.elf"], c[p+"/fixup_cd.dat"] = "start", "fixup"
		c[p+"/bcm2710-rpi-3-b.dtb"] = "tree " + p
		c[p+"/overlays/disable-bt.dtbo"], c[p+"/overlays/ramoops.dtbo"] = "overlay", "overlay"
	}
	return c
}

func TestLoad(t *testing.T) {
	committed := string(layout.Autoboot(layout.SystemB))
	for _, tc := range []struct {
		name      string
		card      card
		tryboot   bool
		partition int
	}{
		{"as flashed", whole(), false, layout.SystemA},
		{"the other one, once", whole(), true, layout.SystemB},
		{"committed", whole().with("1/autoboot.txt", committed), false, layout.SystemB},
		{"committed, back once", whole().with("1/autoboot.txt", committed), true, layout.SystemA},
		{"no B at all", whole().with("1/autoboot.txt", "boot_partition=3\n"), false, layout.SystemB},
	} {
		b, err := load(tc.card.read, Virt, tc.tryboot)
		if err != nil {
			t.Errorf("%s: %v", tc.name, err)
			continue
		}
		n := fmt.Sprint(tc.partition)
		if b.Partition != tc.partition || b.Tryboot != tc.tryboot || string(b.Kernel) != gzipped+n || string(b.Initramfs) != "root "+n {
			t.Errorf("%s: booted partition %d: %q, %q", tc.name, b.Partition, b.Kernel, b.Initramfs)
		}
		if want := "console=tty1 console=ttyAMA0,115200 system=" + n; b.CommandLine != want {
			t.Errorf("%s: command line %q, want %q", tc.name, b.CommandLine, want)
		}
		if b.DeviceTree != nil || b.Overlays != nil {
			t.Errorf("%s: virt got a device tree of a Pi", tc.name)
		}
	}
}

func TestLoadPi3(t *testing.T) {
	b, err := load(whole().read, Pi3, true)
	if err != nil {
		t.Fatal(err)
	}
	if string(b.DeviceTree) != "tree 3" || len(b.Overlays) != 2 || b.Overlays[1].Name != "ramoops" || b.Overlays[1].Parameters[0] != "total-size=0x1000" {
		t.Errorf("device tree %q, overlays %+v", b.DeviceTree, b.Overlays)
	}
}

// Without tryboot_a_b the flag chooses tryboot.txt.
func TestTrybootFile(t *testing.T) {
	c := whole().with("1/autoboot.txt", "boot_partition=2\n", "2/tryboot.txt", "arm_64bit=1\nkernel=other\n", "2/other", gzipped+"other")
	b, err := load(c.read, Virt, true)
	if err != nil || string(b.Kernel) != gzipped+"other" || b.Initramfs != nil {
		t.Errorf("got %+v, %v", b, err)
	}
}

func TestLoadErrors(t *testing.T) {
	config := func(text string) card { return whole().with("2/config.txt", text) }
	for _, tc := range []struct {
		name  string
		card  card
		model Model
		want  string
	}{
		{"no autoboot.txt", whole().with("1/autoboot.txt", ""), Virt, "partition 1: autoboot.txt: file does not exist"},
		{"too long", whole().with("1/autoboot.txt", strings.Repeat("#\n", 300)), Virt, "partition 1: autoboot.txt: it has 600 bytes, the firmware reads 512"},
		{"no number", whole().with("1/autoboot.txt", "boot_partition=B\n"), Virt, `partition 1: autoboot.txt: boot_partition "B" is not the number of a partition`},
		{"odd section", whole().with("1/autoboot.txt", "[x]\n"), Virt, `partition 1: autoboot.txt:1: section "[x]" is not known here`},
		{"no config.txt", config(""), Virt, "partition 2: config.txt: file does not exist"},
		{"odd config.txt", config("x\n"), Virt, `partition 2: config.txt:1: "x" is neither KEY=VALUE nor a section`},
		{"no kernel", whole().with("2/vmlinuz", ""), Virt, "partition 2: vmlinuz: file does not exist"},
		{"no arm64 kernel", whole().with("2/vmlinuz", "MZ"), Virt, "partition 2: config.txt: vmlinuz is no arm64 kernel"},
		{"32 bit", config("kernel=vmlinuz\n"), Virt, "partition 2: config.txt: without arm_64bit=1 the kernel is started as a 32-bit one on some models"},
		{"initramfs elsewhere", config("arm_64bit=1\nkernel=vmlinuz\ninitramfs rd 0x1\n"), Virt, `partition 2: config.txt: initramfs rd: the address "0x1" is not known here`},
		{"no loader", whole().with("1/bootcode.bin", ""), Pi3, "partition 1: bootcode.bin: file does not exist"},
		{"no firmware", whole().with("2/start_cd.elf", ""), Pi3, "partition 2: start_cd.elf: file does not exist"},
		{"no overlay", whole().with("2/overlays/ramoops.dtbo", ""), Pi3, "partition 2: overlays/ramoops.dtbo: file does not exist"},
	} {
		if _, err := load(tc.card.read, tc.model, false); err == nil || err.Error() != tc.want {
			t.Errorf("%s: %v, want %s", tc.name, err, tc.want)
		}
	}
}
