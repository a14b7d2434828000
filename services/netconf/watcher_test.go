package netconf

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// ether is an interface as netlink tells of it.
func ether(name string, index int, flags uint32) netlink.LinkAttrs {
	return netlink.LinkAttrs{Name: name, Index: index, EncapType: "ether", RawFlags: flags}
}

const (
	down   = 0
	noWire = unix.IFF_UP
	wired  = unix.IFF_UP | unix.IFF_LOWER_UP
)

func TestWatcherUsesWiredInterfacesOnly(t *testing.T) {
	sysfs := t.TempDir()
	if err := os.MkdirAll(filepath.Join(sysfs, "class/net/wlan0/phy80211"), 0o755); err != nil {
		t.Fatal(err)
	}
	loopback := netlink.LinkAttrs{Name: "lo", Index: 1, EncapType: "loopback"}
	tests := []struct {
		only string
		link netlink.Link
		want bool
	}{
		{"", &netlink.Device{LinkAttrs: ether("eth0", 2, wired)}, true},
		{"", &netlink.Device{LinkAttrs: loopback}, false},
		{"", &netlink.Device{LinkAttrs: ether("wlan0", 3, wired)}, false},
		{"", &netlink.Veth{LinkAttrs: ether("veth0", 4, wired)}, false},
		{"veth0", &netlink.Veth{LinkAttrs: ether("veth0", 4, wired)}, true},
		{"veth0", &netlink.Device{LinkAttrs: ether("eth0", 2, wired)}, false},
	}
	for _, test := range tests {
		if got := newWatcher(test.only, sysfs, nil).usable(test.link); got != test.want {
			t.Errorf("only %q: %s: got %v, want %v", test.only, test.link.Attrs().Name, got, test.want)
		}
	}
}

func TestWatcherSetsAllUpAndTakesTheOneWithTheCable(t *testing.T) {
	raised := 0
	w := newWatcher("", t.TempDir(), func(Link) error { raised++; return nil })
	steps := []struct {
		name          string
		index         int
		flags         uint32
		there         bool
		chosen        string
		losses        int
		raised        int
		carrierAtLast bool
	}{
		{"eth0", 2, down, true, "eth0", 0, 1, false},
		{"eth1", 3, down, true, "eth0", 0, 2, false},
		{"eth0", 2, noWire, true, "eth0", 0, 2, false},
		{"eth1", 3, wired, true, "eth1", 0, 2, true},
		{"eth0", 2, wired, true, "eth1", 0, 2, true},
		{"eth0", 2, noWire, true, "eth1", 0, 2, true},
		{"eth1", 3, noWire, true, "eth1", 1, 2, false},
		{"eth1", 3, wired, true, "eth1", 1, 2, true},
		{"eth1", 3, wired, false, "eth0", 1, 2, false},
	}
	for i, s := range steps {
		before, changed := w.current()
		if err := w.update(&netlink.Device{LinkAttrs: ether(s.name, s.index, s.flags)}, s.there); err != nil {
			t.Fatal(err)
		}
		got, _ := w.current()
		if got.Name != s.chosen || got.Losses != s.losses || got.Carrier != s.carrierAtLast || raised != s.raised {
			t.Errorf("step %d: %+v, %d raised", i, got, raised)
		}
		if isClosed(changed) == got.equal(before) {
			t.Errorf("step %d: what waits was woken: %v", i, isClosed(changed))
		}
	}
}

func TestWatcherSaysWhatIsNotSetUp(t *testing.T) {
	w := newWatcher("", t.TempDir(), func(Link) error { return errors.New("not allowed") })
	if err := w.update(&netlink.Device{LinkAttrs: ether("eth0", 2, down)}, true); err == nil {
		t.Error("no error")
	}
}
