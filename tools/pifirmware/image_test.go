package pifirmware

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/upscard/upscard/services/layout"
	"github.com/upscard/upscard/tools/image"
)

// The image that is flashed has what each model asks for, in both systems.
func TestImage(t *testing.T) {
	const path = "../../images/out/upscard-rpi.img"
	if _, err := os.Stat(path); os.IsNotExist(err) && os.Getenv("CI") == "" {
		t.Skip("the image is not built: make image")
	}
	disk, err := image.Open(path, false)
	if err != nil {
		t.Fatal(err)
	}
	defer disk.Close()
	for _, model := range append([]Model{Virt}, Models...) {
		for _, tryboot := range []bool{false, true} {
			b, err := Load(disk, model, tryboot)
			if err != nil {
				t.Errorf("%s: %v", model.Name, err)
				continue
			}
			if want := map[bool]int{false: layout.SystemA, true: layout.SystemB}[tryboot]; b.Partition != want {
				t.Errorf("%s: booted partition %d, want %d", model.Name, b.Partition, want)
			}
			if !bytes.HasPrefix(b.Initramfs, []byte("\x28\xb5\x2f\xfd")) {
				t.Errorf("%s: the root file system is not compressed with zstd", model.Name)
			}
			if !strings.Contains(b.CommandLine, "console="+model.Serial+",115200") {
				t.Errorf("%s: no serial console on %q", model.Name, b.CommandLine)
			}
			if model.DeviceTree != "" && (!bytes.HasPrefix(b.DeviceTree, []byte("\xd0\x0d\xfe\xed")) || len(b.Overlays) != 2) {
				t.Errorf("%s: %d bytes of device tree, %d overlays", model.Name, len(b.DeviceTree), len(b.Overlays))
			}
		}
	}
}
