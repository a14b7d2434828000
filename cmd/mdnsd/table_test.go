package main

import (
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/upscard/upscard/services/config"
	"github.com/upscard/upscard/services/mdns"
	"github.com/upscard/upscard/services/reach"
)

func TestReached(t *testing.T) {
	addr := netip.MustParseAddr
	for listening, want := range map[string]struct {
		port  uint16
		addrs []netip.Addr
	}{
		"":                                    {},
		"[::]:3493":                           {3493, nil},
		"0.0.0.0:3493":                        {3493, nil},
		"192.0.2.2:1000 [::]:3493":            {3493, nil},
		"127.0.0.1:3493 [::1]:3493":           {},
		"127.0.0.1:3493 192.0.2.2:3494":       {3494, []netip.Addr{addr("192.0.2.2")}},
		"192.0.2.2:3493 [2001:db8::2]:3493":   {3493, []netip.Addr{addr("192.0.2.2"), addr("2001:db8::2")}},
		"192.0.2.2:3493 192.0.2.2:3494":       {3493, []netip.Addr{addr("192.0.2.2")}},
		"[fe80::2%eth0]:3493 nonsense :1 a:b": {3493, []netip.Addr{addr("fe80::2")}},
	} {
		port, addrs := reached(reach.Parse(listening))
		if port != want.port || !reflect.DeepEqual(addrs, want.addrs) {
			t.Errorf("%q: port %d, %v", listening, port, addrs)
		}
	}
}

// Each row is offered if and only if its program listens, by names that the standard allows (RFC 6335, section 5.1), once.
func TestTable(t *testing.T) {
	w := world{listening: map[string]map[string][]netip.AddrPort{}, version: "1", upses: []unit{{"ups", "Left", "APC 700"}, {"ups2", "", ""}}}
	if got := offered(w); len(got) != 0 {
		t.Errorf("with nothing that listens: %v", got)
	}
	seen := make(map[string]bool)
	for _, r := range table() {
		name, proto, _ := strings.Cut(strings.TrimPrefix(r.kind, "_"), ".")
		if len(name) == 0 || len(name) > 15 || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" || proto != "_tcp" || seen[r.kind] {
			t.Errorf("%q is no kind of service, or there twice", r.kind)
		}
		seen[r.kind] = true
		w.listening[r.program] = map[string][]netip.AddrPort{"": reach.Parse("[::]:3493")}
	}
	list := offered(w)
	if len(list) != len(table()) {
		t.Errorf("%v", list)
	}
	want := []string{"txtvers=1", "version=1", "protocol=1.3", "device_list=ups;ups2", "model.ups=APC 700", "desc.ups=Left"}
	if list[0].Type != "_nut._tcp" || list[0].Port != 3493 || !reflect.DeepEqual(list[0].TXT, want) {
		t.Errorf("%+v", list[0])
	}
	for _, s := range list {
		for _, text := range s.TXT {
			if key, _, ok := strings.Cut(text, "="); !ok || key == "" || len(text) > 255 {
				t.Errorf("%s: %q", s.Type, text)
			}
		}
	}
}

// Each UPS that has a port of its own is offered by its name, with what is known of it.
func TestOneOfEach(t *testing.T) {
	w := world{upses: []unit{{"rack", "Left", "APC 700"}}, listening: map[string]map[string][]netip.AddrPort{
		"nisd": {"rack": reach.Parse("[::]:3551"), "desk": reach.Parse("127.0.0.1:3552 192.0.2.2:3552"), "shed": reach.Parse("127.0.0.1:3553")}}}
	want := []mdns.Service{
		{Type: "_apcupsd._tcp", Name: "desk", Port: 3552, TXT: []string{"txtvers=1", "ups=desk"}, Addrs: []netip.Addr{netip.MustParseAddr("192.0.2.2")}},
		{Type: "_apcupsd._tcp", Name: "rack", Port: 3551, TXT: []string{"txtvers=1", "ups=rack", "model=APC 700", "desc=Left"}},
	}
	if got := offered(w); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// As many names as there is room for, whole ones.
func TestDeviceList(t *testing.T) {
	var w world
	for range 64 {
		w.upses = append(w.upses, unit{name: "a-long-name"})
	}
	got := deviceList(w)
	if n := strings.Count(got, "a-long-name"); len(got) > 255 || n != 20 || !strings.HasSuffix(got, ";a-long-name") {
		t.Errorf("%d names in %d bytes: %s", n, len(got), got)
	}
}

func TestKeptNames(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	wanted, taken := mdns.Names{Host: "a", Instance: "a"}, mdns.Names{Host: "a-2", Instance: "a (2)"}
	open := func(wanted mdns.Names) *keeper {
		k, err := openNames(dir, wanted, slog.New(slog.DiscardHandler))
		check(t, err)
		return k
	}
	k := open(wanted)
	k.keep(wanted)
	if _, err := os.Stat(filepath.Join(dir, "names")); err == nil || k.last != wanted {
		t.Errorf("names that nobody objected to were written: %v", k.last)
	}
	k.keep(taken)
	k.keep(mdns.Names{Host: "a-3", Instance: "a (3)"}) // too soon after the first: who objects to all shall not wear out the disk
	if got := open(wanted).last; got != taken {
		t.Errorf("kept %v", got)
	}
	if got := open(mdns.Names{Host: "b", Instance: "a"}).last; got != (mdns.Names{Host: "b", Instance: "a"}) {
		t.Errorf("with another wish: %v", got)
	}
	k = open(wanted)
	k.keep(wanted) // the name is free again, which only a restart with no other can tell
	if got := open(wanted).last; got != wanted {
		t.Errorf("kept %v", got)
	}
	check(t, os.WriteFile(filepath.Join(dir, "names"), []byte("garbage"), 0o600))
	check(t, os.Remove(filepath.Join(dir, "names.old")))
	if got := open(wanted).last; got != wanted {
		t.Errorf("of garbage: %v", got)
	}
	if k, err := openNames("", wanted, slog.New(slog.DiscardHandler)); err != nil || k.last != wanted {
		t.Errorf("without a directory: %v, %v", k, err)
	}
}

func TestNames(t *testing.T) {
	for _, c := range []struct {
		name, host string
		want       mdns.Names
	}{
		{"", "card", mdns.Names{Host: "card", Instance: "card"}},
		{"Cellar", "card.example.org", mdns.Names{Host: "card", Instance: "Cellar"}},
	} {
		if got, err := names(config.MDNS{Name: c.name}, c.host); err != nil || got != c.want {
			t.Errorf("%+v: %v, %v", c, got, err)
		}
	}
	if _, err := names(config.MDNS{}, ".x"); err == nil {
		t.Error("an empty host name is one")
	}
	if got, err := names(config.MDNS{}, ""); err != nil || got.Host == "" {
		t.Errorf("this machine is %v, %v", got, err)
	}
}

func TestUsage(t *testing.T) {
	nothing := func(string) error { return nil }
	for args, want := range map[string]int{"-help": 0, "-nonsense": 2, "-config /dev/null/x": 1} {
		if got := run(t.Context(), strings.Fields(args), new(strings.Builder), nothing); got != want {
			t.Errorf("%s: exit code %d, want %d", args, got, want)
		}
	}
}
