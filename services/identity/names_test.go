package identity_test

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/upscard/upscard/services/config"
	"github.com/upscard/upscard/services/identity"
	"github.com/upscard/upscard/services/usb"
)

var (
	apc1  = usb.Seat{Port: "1-1", Vendor: 0x051d, Product: 2, Serial: "A"}
	apc2  = usb.Seat{Port: "1-2", Vendor: 0x051d, Product: 2, Serial: "B"}
	cyber = usb.Seat{Port: "1-3", Vendor: 0x0764, Product: 0x0501}
	named = usb.Seat{Port: "2-1.4", Vendor: 0x051d, Product: 2, Serial: "C", Manufacturer: "American Power Conversion ", ProductName: "Back-UPS RS 900G FW:1"}
	key   = usb.Seat{Port: "1-4", Vendor: 0x1050, Product: 0x0407, NotUPS: true}
)

func TestNames(t *testing.T) {
	vendor := config.UPS{Name: "apc", VendorID: "051d"}
	for _, test := range []struct {
		name    string
		entries []config.UPS
		roster  usb.Roster
		want    map[int]string
		err     string // what it must contain; none where empty
	}{
		{"nothing", nil, nil, map[int]string{}, ""},
		{"no file", nil, usb.Roster{apc1, cyber, apc2}, map[int]string{1: "ups", 2: "ups2", 3: "ups3"}, ""},
		{"no UPS is skipped", nil, usb.Roster{key, apc1, key, cyber}, map[int]string{2: "ups", 4: "ups2"}, ""},
		{"unbound entries in order", []config.UPS{{Name: "b"}, {Name: "a"}}, usb.Roster{apc1, apc2, cyber},
			map[int]string{1: "b", 2: "a", 3: "ups"}, ""},
		{"bound before unbound", []config.UPS{{Name: "any"}, {Name: "cyber", ProductID: "0501"}}, usb.Roster{cyber, apc1},
			map[int]string{1: "cyber", 2: "any"}, ""},
		{"all bindings", []config.UPS{{Name: "x", VendorID: "051d", ProductID: "0002", Serial: "B", Port: "1-2"}}, usb.Roster{apc1, apc2},
			map[int]string{1: "ups", 2: "x"}, ""},
		{"one binding differs", []config.UPS{{Name: "x", VendorID: "051d", ProductID: "0002", Serial: "B", Port: "1-1"}}, usb.Roster{apc1, apc2},
			map[int]string{1: "ups", 2: "ups2"}, ""},
		{"names of entries are reserved", []config.UPS{{Name: "ups", Port: "9-9"}, {Name: "ups3", Port: "9-8"}}, usb.Roster{apc1, apc2},
			map[int]string{1: "ups2", 2: "ups4"}, ""},
		{"an entry called ups2", []config.UPS{{Name: "ups2"}}, usb.Roster{apc1, apc2}, map[int]string{1: "ups2", 2: "ups"}, ""},
		{"one entry, two devices", []config.UPS{vendor}, usb.Roster{apc1, apc2}, map[int]string{1: "apc", 2: "ups"},
			"[ups.apc] claims both 051d:0002 at port 1-1 and 051d:0002 at port 1-2"},
		{"two entries, one device", []config.UPS{vendor, {Name: "b", Serial: "A"}}, usb.Roster{apc1}, map[int]string{1: "apc"},
			"[ups.apc] and [ups.b] both claim 051d:0002 at port 1-1"},
		{"two entries, one device, by its names", []config.UPS{{Name: "a", Vendor: "american.*"}, {Name: "b", Product: "back-ups.*"}},
			usb.Roster{named}, map[int]string{1: "a"}, "[ups.a] and [ups.b] both claim 051d:0002 at port 2-1.4"},
		{"bound to what is no UPS", []config.UPS{{Name: "k", VendorID: "1050"}}, usb.Roster{key}, map[int]string{}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := identity.Names(test.entries, test.roster)
			if !maps.Equal(got, test.want) {
				t.Errorf("got %v, want %v", got, test.want)
			}
			if (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
				t.Errorf("got error %v, want %q", err, test.err)
			}
		})
	}
}

// A device that comes must not rename those that are there, whatever the configuration.
func TestNamesAreStable(t *testing.T) {
	entries := []config.UPS{{Name: "free"}, {Name: "apc", VendorID: "051d"}, {Name: "ups2"}, {Name: "b", Serial: "B"},
		{Name: "rs", Product: ".*RS.*"}, {Name: "second", Bus: "002", BusPort: "00[3-9]"}}
	roster := usb.Roster{cyber, apc2, key, apc1, named, {Port: "2-1", Vendor: 1}, {Port: "2-2", Vendor: 1}, {Port: "2-3", Vendor: 1}}
	before := map[int]string{}
	for n := range roster {
		got, _ := identity.Names(entries, roster[:n+1])
		seen := make(map[string]bool)
		for number, name := range got {
			if before[number] != "" && before[number] != name {
				t.Errorf("with %d seats, seat %d is %s; it was %s", n+1, number, name, before[number])
			}
			if seen[name] {
				t.Errorf("with %d seats two are called %s: %v", n+1, name, got)
			}
			seen[name] = true
		}
		before = got
		// The last seat may go to any other device.
		for _, other := range roster {
			replaced, _ := identity.Names(entries, append(slices.Clone(roster[:n]), other))
			for number := 1; number <= n; number++ {
				if replaced[number] != got[number] {
					t.Errorf("with %v in the last of %d seats, seat %d is %q; it was %q", other, n+1, number, replaced[number], got[number])
				}
			}
		}
	}
}

// What was no UPS takes no name away, whatever it turns out to be when it is looked at again.
func TestNameOfWhatWasNoUPS(t *testing.T) {
	entries := []config.UPS{{Name: "token", VendorID: "1050"}}
	for _, test := range []struct {
		entries []config.UPS
		number  int
		want    string
	}{
		{nil, 1, "ups3"}, {nil, 2, "ups"}, {nil, 3, "ups2"}, {nil, 4, ""}, {nil, 0, ""}, {entries, 1, "token"}, {entries, 2, "ups"},
	} {
		roster := usb.Roster{key, apc1, cyber}
		got, err := identity.Name(test.entries, roster, test.number)
		if got != test.want || err != nil {
			t.Errorf("seat %d is %q, %v; want %q", test.number, got, err, test.want)
		}
		if !roster[0].NotUPS || len(roster) != 3 {
			t.Errorf("the roster is changed: %v", roster)
		}
	}
}

func TestMatcher(t *testing.T) {
	for _, test := range []struct {
		entry config.UPS
		seat  usb.Seat
		want  bool
	}{
		{config.UPS{}, named, true},
		{config.UPS{VendorID: "051D"}, named, true},
		{config.UPS{VendorID: "0764|051d", ProductID: "000[2-4]"}, named, true},
		{config.UPS{VendorID: "051"}, named, false},
		{config.UPS{Vendor: "american power conversion"}, named, true}, // blanks around it do not count
		{config.UPS{Vendor: "American"}, named, false},
		{config.UPS{Product: "(Smart|Back)-UPS .*"}, named, true},
		{config.UPS{Product: "Back-UPS .*"}, apc1, false}, // it does not say
		{config.UPS{Product: ".*"}, apc1, true},
		{config.UPS{Serial: "[A-C]"}, named, true},
		{config.UPS{Serial: "[A-C]"}, cyber, false},
		{config.UPS{Bus: "002", BusPort: "004"}, named, true},
		{config.UPS{Bus: "001"}, named, false},
		{config.UPS{BusPort: "00[1-3]"}, named, false},
		{config.UPS{BusPort: "00[1-3]"}, cyber, true},
		{config.UPS{Bus: "002", Port: "2-1.4"}, named, true},
		{config.UPS{Bus: "002", Port: "2-1.5"}, named, false},
		{config.UPS{Serial: "("}, named, false},
	} {
		if got := identity.Matcher(test.entry)(test.seat); got != test.want {
			t.Errorf("%+v on %+v: %v", test.entry, test.seat, got)
		}
	}
}

func TestEntry(t *testing.T) {
	entries := []config.UPS{{Name: "a", Desc: "x"}}
	if got := identity.Entry(entries, "a"); !reflect.DeepEqual(got, entries[0]) {
		t.Errorf("got %+v", got)
	}
	if got := identity.Entry(entries, "ups"); !reflect.DeepEqual(got, config.UPS{Name: "ups"}) {
		t.Errorf("got %+v", got)
	}
}
