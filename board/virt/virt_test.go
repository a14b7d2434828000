package virt

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func TestArgs(t *testing.T) {
	m := Machine{
		Kernel: "k", Initrd: "i", CommandLine: "a b", Disk: "/d", DeviceTree: "/t", MemoryMB: 256,
		Forwards: []Forward{{Host: 1000, Card: 3493}, {Host: 1001, Card: 80, Address: "10.0.2.77"}},
		Clock:    time.Date(2001, 2, 3, 4, 5, 6, 0, time.UTC),
		Hubs:     []string{"2", "2.8"}, USB: []Device{{"/a", "1"}, {"/b", "2.8.3"}}, Tap: "wire0", Monitor: "/m",
	}
	args := m.Args()
	after := func(flag string) string { return args[slices.Index(args, flag)+1] }
	if got, want := after("-append"), "a b"; got != want {
		t.Errorf("command line %q, want %q", got, want)
	}
	if got, want := after("-dtb"), "/t"; got != want {
		t.Errorf("device tree %q, want %q", got, want)
	}
	if got, want := after("-netdev"), "user,id=lan,restrict=on,hostfwd=tcp:127.0.0.1:1000-:3493,hostfwd=tcp:127.0.0.1:1001-10.0.2.77:80"; got != want {
		t.Errorf("netdev %q, want %q", got, want)
	}
	if got, want := after("-rtc"), "base=2001-02-03T04:05:06"; got != want {
		t.Errorf("clock %q, want %q", got, want)
	}
	if got := strings.Join((Machine{Outbound: true}).Args(), " "); strings.Contains(got, "restrict") || strings.Contains(got, "-rtc") {
		t.Errorf("restricted, or with a clock: %s", got)
	}
	all := strings.Join(args, " ")
	for _, want := range []string{"socket,id=ups0,path=/a", "usb-redir,chardev=ups0,port=1", "ifname=wire0 -device virtio-net-pci,netdev=wire,", "usb-hub,port=2 -device usb-hub,port=2.8 ", "usb-redir,chardev=ups1,port=2.8.3", "format=raw,file=/d"} {
		if !strings.Contains(all, want) {
			t.Errorf("%q is missing in %s", want, all)
		}
	}
}
