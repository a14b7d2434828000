package usb_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/upscard/upscard/services/usb"
)

func device(port string, product uint16, serial string) usb.ID {
	return usb.ID{Vendor: 0x051d, Product: product, Port: port, Serial: serial, Bus: 1, Address: 9}
}

func roster(t *testing.T, ids ...usb.ID) usb.Roster {
	t.Helper()
	var r usb.Roster
	for _, id := range ids {
		var err error
		if r, _, err = r.Add(id); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

func TestRosterAdd(t *testing.T) {
	first := roster(t, device("1-1", 2, "A"))
	steps := []struct {
		id   usb.ID
		seat int
	}{
		{device("1-1", 2, "A"), 1}, // plugged in again
		{device("1-2", 2, "A"), 2}, // moved: a seat of its own
		{device("1-1", 3, "A"), 3}, // another model at a known port
		{device("1-1", 2, "B"), 4}, // another one of the same model
		{device("1-2", 2, "A"), 2},
	}
	r := first
	for _, s := range steps {
		var seat int
		var err error
		if r, seat, err = r.Add(s.id); err != nil || seat != s.seat {
			t.Errorf("%v: seat %d, %v; want %d", s.id, seat, err, s.seat)
		}
	}
	if len(first) != 1 || len(r) != 4 {
		t.Errorf("a roster is a value: %d and %d seats", len(first), len(r))
	}
}

func TestRosterMark(t *testing.T) {
	r := roster(t, device("1-1", 2, "A"), device("1-2", 2, "A"))
	marked := r.Mark(2, true)
	if r[1].NotUPS || !marked[1].NotUPS || marked[0].NotUPS {
		t.Errorf("before %v, after %v", r, marked)
	}
	if marked.Find(device("1-2", 2, "A")) != 2 {
		t.Error("a marked seat is another one")
	}
	for _, number := range []int{-1, 0, 3} {
		if !slices.Equal(r.Mark(number, true), r) {
			t.Errorf("Mark(%d) changed the roster", number)
		}
		if _, ok := r.Seat(number); ok {
			t.Errorf("there is a seat %d", number)
		}
	}
}

func TestRosterOfUPSes(t *testing.T) {
	a, key, b := device("1-1", 2, "A"), device("1-2", 7, ""), device("1-3", 2, "B")
	r := roster(t, a, key, b).Mark(2, true)
	if got := r.UPSes(); len(r) != 3 || len(got) != 2 || got.Find(a) != 1 || got.Find(b) != 2 || got.Find(key) != 0 {
		t.Errorf("of %v are UPSes %v", r, got)
	}
}

func TestRosterIsBounded(t *testing.T) {
	var r usb.Roster
	var err error
	for i := range 1000 {
		if r, _, err = r.Add(device("1-1", uint16(i), "")); err != nil {
			break
		}
	}
	if err == nil {
		t.Fatal("a roster takes 1000 devices")
	}
	if got, err := usb.ParseRoster(r.String()); err != nil || !slices.Equal(got, r) {
		t.Errorf("a full roster is not read back: %v", err)
	}
}

// The last seat of a full roster can be given away, and nothing else changes.
func TestRosterReplace(t *testing.T) {
	var full usb.Roster
	for i := range usb.MaxSeats {
		full, _, _ = full.Add(device("1-1", uint16(i), ""))
	}
	before := slices.Clone(full)
	got, number := full.Replace(device("1-2", 2, "B"))
	if number != usb.MaxSeats || got.Find(device("1-2", 2, "B")) != number || !slices.Equal(got[:number-1], before[:number-1]) || !slices.Equal(full, before) {
		t.Errorf("seat %d of %v", number, got)
	}
}

func TestRosterUPSAt(t *testing.T) {
	r := roster(t, device("1-1", 2, "A"), device("1-2", 2, "B")).Mark(2, true)
	if !r.UPSAt("1-1") || r.UPSAt("1-2") || r.UPSAt("1-3") {
		t.Errorf("%v", r)
	}
}

func TestRosterText(t *testing.T) {
	r := roster(t, device("1-1", 2, `3B 1"2\n`), device("1-1.4", 0xfffd, ""), device("2-1", 1, "ü\x01\n")).Mark(2, true)
	want := `1 1-1 051d:0002 ups "3B 1\"2\\n"` + "\n" + `2 1-1.4 051d:fffd other ""` + "\n" + `3 2-1 051d:0001 ups "\u00fc\x01\n"` + "\n"
	if r.String() != want {
		t.Errorf("got  %s\nwant %s", r, want)
	}
	if got, err := usb.ParseRoster(want); err != nil || !slices.Equal(got, r) {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestParseRosterErrors(t *testing.T) {
	for text, want := range map[string]string{
		"junk\n":                                                 "line 1: want NUMBER",
		"2 1-1 051d:0002 ups \"\"\n":                             "line 1: seat number",
		"1 1 051d:0002 ups \"\"\n":                               "port path",
		"1 1-1 051d ups \"\"\n":                                  "VENDOR:PRODUCT",
		"1 1-1 051d:12345 ups \"\"\n":                            "VENDOR:PRODUCT",
		"1 1-1 051d:0002 mouse \"\"\n":                           "kind",
		"1 1-1 051d:0002 ups A\n":                                "want text",
		"1 1-1 051d:0002 ups \"\\xff\"\n":                        "want text",
		"1 1-1 051d:0002 ups \"\" \"\"\n":                        "2 texts",
		"1 1-1 051d:0002 ups \"\"\"\"\n":                         "want a blank",
		"1 1-1 051d:0002 ups \"\" \"\" \"\" \n":                  "want text",
		"1 1-1 051d:0002 ups \"\"\n2 1-1 051d:0002 other \"\"\n": "line 2: 051d:0002 at port 1-1 has seat 1 already",
		"1 1-1 051d:0002 ups \"\"\n\n":                           "line 2: want NUMBER",
	} {
		if r, err := usb.ParseRoster(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, %v; want %q", text, r, err, want)
		}
	}
}

func TestRosterFile(t *testing.T) {
	dir := t.TempDir()
	if r, err := usb.ReadRoster(dir); err != nil || len(r) != 0 {
		t.Errorf("no file: %v, %v", r, err)
	}
	r := roster(t, device("1-1", 2, "A"))
	for range 2 {
		if err := usb.WriteRoster(dir, r); err != nil {
			t.Fatal(err)
		}
		if got, err := usb.ReadRoster(dir); err != nil || !slices.Equal(got, r) {
			t.Errorf("got %v, %v", got, err)
		}
		r = roster(t, device("1-1", 2, "A"), device("1-2", 2, "A"))
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
	info, err := os.Stat(usb.RosterPath(dir))
	if err != nil || info.Mode().Perm() != 0o644 {
		t.Errorf("drivers cannot read it: %v, %v", info.Mode(), err)
	}
	if err := os.WriteFile(usb.RosterPath(dir), make([]byte, 1<<20), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := usb.ReadRoster(dir); err == nil {
		t.Error("a roster of a megabyte is read")
	}
}

func TestRosterStrings(t *testing.T) {
	id := device("1-1", 2, "A")
	id.Manufacturer, id.ProductName = "APC", "Back-UPS \"RS\""
	r := roster(t, id, device("1-2", 2, ""))
	want := `1 1-1 051d:0002 ups "A" "APC" "Back-UPS \"RS\""` + "\n" + `2 1-2 051d:0002 ups ""` + "\n"
	if r.String() != want {
		t.Errorf("got  %s\nwant %s", r, want)
	}
	if got, err := usb.ParseRoster(want); err != nil || !slices.Equal(got, r) {
		t.Errorf("got %v, %v", got, err)
	}
}

// A roster of before there were strings is read, and learns them; who is who does not change.
func TestRosterLearn(t *testing.T) {
	r, err := usb.ParseRoster(`1 1-1 051d:0002 ups "A"` + "\n")
	if err != nil {
		t.Fatal(err)
	}
	id := device("1-1", 2, "A")
	id.Manufacturer, id.ProductName = "APC", "Back-UPS"
	again, number, err := r.Add(id)
	if err != nil || number != 1 || again[0].ProductName != "" {
		t.Errorf("seat %d of %v, %v", number, again, err)
	}
	learned := r.Learn(1, id)
	if r[0].ProductName != "" || learned[0].ProductName != "Back-UPS" || learned[0].Manufacturer != "APC" || !learned[0].Is(r[0]) {
		t.Errorf("before %v, after %v", r, learned)
	}
	mute := device("1-1", 2, "A")
	for _, same := range []usb.Roster{learned.Learn(1, mute), learned.Learn(0, id), learned.Learn(2, id)} {
		if !slices.Equal(same, learned) {
			t.Errorf("got %v", same)
		}
	}
}

func FuzzParseRoster(f *testing.F) {
	f.Add("1 1-1 051d:0002 ups \"3B\"\n2 1-1.4 051d:0002 other \"\"\n")
	f.Add("1 1-1 51D:2 ups `x`\n")
	f.Add("1 1-1 051d:0002 ups \"3B\" \"APC\" \"Back-UPS \\\"RS\\\" \\u00fc\"\n2 1-1 051d:0002 ups \"\" \"\" \"x\"\n")
	f.Fuzz(func(t *testing.T, text string) {
		r, err := usb.ParseRoster(text)
		if err != nil {
			return
		}
		if again, err := usb.ParseRoster(r.String()); err != nil || !slices.Equal(again, r) {
			t.Errorf("%q became %q: %v", text, r.String(), err)
		}
	})
}
