package e2e

import (
	"os"
	"path/filepath"
	"testing"
)

// A device of class HID that is no UPS never has a part in the names: not when it is plugged in again, nor when another driver starts
// meanwhile.
func TestOtherDeviceTakesNoName(t *testing.T) {
	m := bootReady(t, setup{devices: []string{otherDevice(t), ""}})
	names := func() {
		t.Helper()
		if got := m.upsc("-l", m.Addr("nut")); got != "ups" {
			t.Errorf("upsc -l printed %q", got)
		}
		if got := m.upsc("ups@"+m.Addr("nut"), "ups.model"); got != "Virtual UPS 1500" {
			t.Errorf("ups is a %q", got)
		}
	}
	t.Log(m.console(0, `device is no UPS.* seat=1$`))
	names()

	driver, mark := m.pid("usbhid-ups"), m.Console.Mark()
	m.UPS[0].Unplug()
	m.UPS[0].Plug()
	m.console(mark, `device may be a UPS.* seat=1$`)
	m.shell("kill -9 " + driver) // its next one starts while the other device is looked at
	m.console(mark, `device is no UPS.* seat=1$`)
	m.console(mark, `usbhid-ups.2: .*msg="first data"`)
	m.awaitAnswer("ups", "ups.status", `^OL`, patience)
	names()
}

// otherDevice describes a device with one field of its vendor's.
func otherDevice(t *testing.T) string {
	file := filepath.Join(t.TempDir(), "other.toml")
	text := `schema = "ups-hid-capture/1"
vendor_id = 0x1209
product_id = 0x0003
manufacturer = "upscard"
product = "Other"
serial = "O1"
report_descriptor = "0600ff0901a101850109011500256475089501b102c0"
[reports.feature]
0x01 = "0100"
`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// A UPS that is replaced by another model leaves its name to that one when its owner says so.
func TestReplacedUPS(t *testing.T) {
	m := bootReady(t, setup{devices: []string{"upscard-1500", "plain-600"}})
	m.awaitAnswer("ups2", "ups.model", `600`, patience)
	m.UPS[0].Unplug()
	m.awaitAnswer("ups", "ups.status", `stale`, patience)
	m.shell(`mount -t vfat -o remount,rw /dev/vda1 /boot && echo '[ups.ups]' > /boot/upscard.toml && ` +
		`echo 'vendorid = "1209"' >> /boot/upscard.toml && echo 'productid = "0002"' >> /boot/upscard.toml && sync`)
	mark := m.restart("reboot")
	m.console(mark, `upscard: ready`)
	m.awaitAnswer("ups", "ups.status", "^O[LB]", patience)
	if got := m.upsc("ups@"+m.Addr("nut"), "ups.model"); got != "Plain 600" {
		t.Errorf("ups is a %q", got)
	}
	if got := m.upsc("-l", m.Addr("nut")); got != "ups" {
		t.Errorf("upsc -l printed %q", got)
	}
	m.UPS[0].Plug() // the old one is back, under the next free name
	m.awaitAnswer("ups2", "ups.model", "^Virtual UPS 1500$", patience)
}
