package guards

import (
	"os"
	"testing"
)

// budgets are the largest sizes in bytes of what goes on the card: room to grow, none to bloat.
var budgets = map[string]int64{
	"arm64/init":         5 << 20,
	"arm64/usbhid-ups":   6 << 20,
	"initramfs.cpio.zst": 14 << 20,
}

func TestSizes(t *testing.T) {
	for name, limit := range budgets {
		info, err := os.Stat("../../images/out/" + name)
		if os.IsNotExist(err) && os.Getenv("CI") == "" {
			t.Skipf("%s is not built: make build", name)
		}
		if err != nil {
			t.Error(err)
			continue
		}
		t.Logf("%s: %d bytes of %d", name, info.Size(), limit)
		if info.Size() > limit {
			t.Errorf("%s has %d bytes, over its budget of %d", name, info.Size(), limit)
		}
	}
}
