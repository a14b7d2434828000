package guards

import (
	"os"
	"testing"
)

// budgets are the largest sizes in bytes of what goes on the card: room to grow, none to bloat.
var budgets = map[string]int64{
	"arm64/init":                 5 << 20,
	"arm64/init-release":         5 << 20,
	"arm64/usbhid-ups":           6 << 20,
	"initramfs.cpio.zst":         14 << 20,
	"release/initramfs.cpio.zst": 14 << 20,
	"upscard-rpi.img.zst":        50 << 20,
}

func TestSizes(t *testing.T) {
	for name, limit := range budgets {
		t.Run(name, func(t *testing.T) {
			info, err := os.Stat("../../images/out/" + name)
			if os.IsNotExist(err) && os.Getenv("CI") == "" {
				t.Skipf("%s is not built: make build image", name)
			}
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%d bytes of %d", info.Size(), limit)
			if info.Size() > limit {
				t.Errorf("%d bytes, over the budget of %d", info.Size(), limit)
			}
		})
	}
}
