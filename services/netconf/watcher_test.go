package netconf

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
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

func TestWatcherKnowsWhatToUse(t *testing.T) {
	sysfs := t.TempDir()
	if err := os.MkdirAll(filepath.Join(sysfs, "class/net/wlan0/phy80211"), 0o755); err != nil {
		t.Fatal(err)
	}
	anyWired, eth1, off := Plan{DHCP: true}, Plan{Name: "eth1", DHCP: true}, Plan{Name: "eth0", IPv6: NoIPv6}
	veth, wlan := Plan{Name: "veth0", DHCP: true}, Plan{Name: "wlan0", DHCP: true}
	device := func(name string, index int) netlink.Link {
		return &netlink.Device{LinkAttrs: ether(name, index, wired)}
	}
	tests := []struct {
		plans []Plan
		link  netlink.Link
		rank  int // 0: is left alone
	}{
		{[]Plan{anyWired}, device("eth0", 2), 1002},
		{[]Plan{anyWired}, &netlink.Device{LinkAttrs: netlink.LinkAttrs{Name: "lo", Index: 1, EncapType: "loopback"}}, 0},
		{[]Plan{anyWired}, device("wlan0", 3), 0},
		{[]Plan{wlan, anyWired}, device("wlan0", 3), 1003},
		{[]Plan{anyWired}, &netlink.Veth{LinkAttrs: ether("veth0", 4, wired)}, 0},
		{[]Plan{veth}, &netlink.Veth{LinkAttrs: ether("veth0", 4, wired)}, 1004},
		{[]Plan{veth}, device("eth0", 2), 0},
		{[]Plan{eth1, anyWired}, device("eth0", 2), 2002},
		{[]Plan{eth1, anyWired}, device("eth1", 3), 1003},
		{[]Plan{off, anyWired}, device("eth0", 2), 0},
		{[]Plan{anyWired}, device("eth0", 5000), 1999},
	}
	for _, test := range tests {
		w := newWatcher(test.plans, sysfs, nil)
		if err := w.update(test.link, true); err != nil {
			t.Fatal(err)
		}
		rank := 0
		if all, _ := w.current(); len(all) > 0 {
			rank = all[0].rank
		}
		if rank != test.rank {
			t.Errorf("%+v: %s: rank %d, want %d", test.plans, test.link.Attrs().Name, rank, test.rank)
		}
	}
}

func TestWatcherTellsWhatChanges(t *testing.T) {
	raised := 0
	w := newWatcher([]Plan{{DHCP: true}}, t.TempDir(), func(planned) error { raised++; return nil })
	steps := []struct {
		name   string
		index  int
		flags  uint32
		there  bool
		raised int
		woken  bool
		want   string // name, carrier, losses of all
	}{
		{"eth0", 2, down, true, 1, true, "eth0 false 0"},
		{"eth1", 3, down, true, 2, true, "eth0 false 0, eth1 false 0"},
		{"eth1", 3, wired, true, 2, true, "eth0 false 0, eth1 true 0"},
		{"eth1", 3, wired, true, 2, false, "eth0 false 0, eth1 true 0"},
		{"eth1", 3, noWire, true, 2, true, "eth0 false 0, eth1 false 1"},
		{"eth1", 3, wired, true, 2, true, "eth0 false 0, eth1 true 1"},
		{"eth2", 4, wired, false, 2, false, "eth0 false 0, eth1 true 1"},
		{"eth1", 3, wired, false, 2, true, "eth0 false 0"},
	}
	for i, s := range steps {
		_, changed := w.current()
		if err := w.update(&netlink.Device{LinkAttrs: ether(s.name, s.index, s.flags)}, s.there); err != nil {
			t.Fatal(err)
		}
		var words []string
		all, _ := w.current()
		for _, p := range all {
			words = append(words, fmt.Sprint(p.link.Name, " ", p.link.Carrier, " ", p.link.Losses))
		}
		if got := strings.Join(words, ", "); got != s.want || raised != s.raised || isClosed(changed) != s.woken {
			t.Errorf("step %d: %s; %d raised, woken %v", i, got, raised, isClosed(changed))
		}
	}
}

func TestWatcherSaysWhatIsNotSetUp(t *testing.T) {
	w := newWatcher([]Plan{{DHCP: true}}, t.TempDir(), func(planned) error { return errors.New("not allowed") })
	if err := w.update(&netlink.Device{LinkAttrs: ether("eth0", 2, down)}, true); err == nil {
		t.Error("no error")
	}
}
