package driversock

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/upscard/upscard/services/parseconf"
	"github.com/upscard/upscard/services/ups"
)

type vars = map[string]ups.Var

func snap(f ups.Freshness, v vars, commands ...string) *ups.Snapshot {
	return ups.NewSnapshot(v, commands, f, time.Time{})
}

var full = vars{
	"battery.charge": {Value: "100"},
	"input.transfer.low": {Value: "90", Flags: ups.RW | ups.Number, Enum: []string{"85", "9 0"},
		Ranges: []ups.Range{{Min: 85, Max: 95}, {Min: -1, Max: 0}}},
	"ups.id": {Value: `a "b" \ #1`, Flags: ups.RW | ups.String, MaxLen: 8},
}

func TestDump(t *testing.T) {
	const values = `SETINFO battery.charge "100"
SETINFO input.transfer.low "90"
ADDENUM input.transfer.low "85"
ADDENUM input.transfer.low "9 0"
ADDRANGE input.transfer.low 85 95
ADDRANGE input.transfer.low -1 0
SETFLAGS input.transfer.low RW NUMBER
SETINFO ups.id "a \"b\" \\ \#1"
SETAUX ups.id 8
SETFLAGS ups.id RW STRING
ADDCMD load.off
`
	tests := []struct {
		snap *ups.Snapshot
		want string
	}{
		{snap(ups.Fresh, full, "load.off"), values + "DATAOK\nDUMPDONE\n"},
		{snap(ups.Stale, full, "load.off"), "DATASTALE\n" + values + "DUMPDONE\n"},
		{ups.NewStore().Get(), "DATASTALE\nDUMPDONE\n"},
	}
	for _, tt := range tests {
		if got := string(appendDump(nil, tt.snap)); got != tt.want {
			t.Errorf("%v: got\n%s\nwant\n%s", tt.snap.Freshness(), got, tt.want)
		}
	}
}

func TestDiff(t *testing.T) {
	a := vars{"a": {Value: "1"}, "b": {Value: "2", Flags: ups.RW}, "c": {Value: "3"}}
	tests := []struct {
		name       string
		prev, next *ups.Snapshot
		want       string
	}{
		{"same", snap(ups.Fresh, a), snap(ups.Fresh, maps.Clone(a)), ""},
		{"value", snap(ups.Fresh, a), snap(ups.Fresh, vars{"a": {Value: "9"}, "b": a["b"], "c": a["c"]}),
			`SETINFO a "9"` + "\n"},
		{"gone", snap(ups.Fresh, a), snap(ups.Fresh, vars{"a": a["a"], "b": a["b"]}), "DELINFO c\n"},
		{"flags", snap(ups.Fresh, a), snap(ups.Fresh, vars{"a": a["a"], "b": {Value: "2"}, "c": a["c"]}),
			"DELINFO b\n" + `SETINFO b "2"` + "\n"},
		{"commands", snap(ups.Fresh, a, "x", "y"), snap(ups.Fresh, a, "y", "z"), "DELCMD x\nADDCMD z\n"},
		{"stale first", snap(ups.Fresh, vars{}), snap(ups.Stale, vars{"a": a["a"]}), "DATASTALE\n" + `SETINFO a "1"` + "\n"},
		{"fresh last", snap(ups.Stale, vars{}), snap(ups.Fresh, vars{"a": a["a"]}), `SETINFO a "1"` + "\nDATAOK\n"},
		{"absent", snap(ups.Fresh, vars{}), snap(ups.Absent, nil), "DATASTALE\n"},
		{"absent to stale", snap(ups.Absent, nil), snap(ups.Stale, nil), ""},
	}
	for _, tt := range tests {
		if got := string(appendDiff(nil, tt.prev, tt.next)); got != tt.want {
			t.Errorf("%s: got\n%s\nwant\n%s", tt.name, got, tt.want)
		}
	}
}

// TestReplicaFollows: whatever sequence of snapshots a driver sends, the reader ends up with the last one.
func TestReplicaFollows(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		prev := randomSnapshot(rng)
		r := newReplica()
		feed(r, appendDump(nil, prev))
		for range 20 {
			next := randomSnapshot(rng)
			feed(r, appendDiff(nil, prev, next))
			prev = next
			if d := difference(prev, r.snapshot(time.Time{})); d != "" {
				t.Fatal(d)
			}
		}
	}
}

func feed(r *replica, text []byte) {
	var l lines
	var s parseconf.Splitter
	l.feed(text, func(line []byte) {
		if words, err := s.Split(line); err == nil {
			r.apply(words)
		}
	})
}

func randomSnapshot(rng *rand.Rand) *ups.Snapshot {
	v := make(vars)
	for i := range 6 {
		if rng.IntN(3) == 0 {
			continue
		}
		x := ups.Var{Value: fmt.Sprint(rng.IntN(3)), Flags: ups.Flags(rng.IntN(8)), MaxLen: rng.IntN(2)}
		for e := range rng.IntN(3) {
			x.Enum = append(x.Enum, fmt.Sprint("e ", e))
			x.Ranges = append(x.Ranges, ups.Range{Min: e, Max: e * 2})
		}
		v[fmt.Sprint("v.", i)] = x
	}
	commands := []string{"a", "b", "c"}[:rng.IntN(4)]
	return snap(ups.Freshness(1+rng.IntN(2)), v, commands...)
}

// difference tells how two snapshots differ, times aside.
func difference(want, got *ups.Snapshot) string {
	show := func(s *ups.Snapshot) string {
		var b strings.Builder
		fmt.Fprintln(&b, s.Freshness(), s.Commands())
		for _, name := range s.Names() {
			v, _ := s.Var(name)
			fmt.Fprintf(&b, "%s %+v\n", name, v)
		}
		return b.String()
	}
	if w, g := show(want), show(got); w != g {
		return "want\n" + w + "got\n" + g
	}
	return ""
}

func TestSplitName(t *testing.T) {
	tests := []struct{ file, driver, ups string }{
		{"usbhid-ups-ups", "usbhid-ups", "ups"},
		{"usbhid-ups-rack-2", "usbhid-ups", "rack-2"},
		{"dummy-ups-UPS1", "dummy-ups", "UPS1"},
		{"nutdrv_qx-office", "nutdrv_qx", "office"},
		{"usbhid-ups", "usbhid", "ups"},
		{"feed-ups", "", ""},
		{"dummy-ups-ups.pid", "", ""},
		{"upsd.pid", "", ""},
		{"a-", "", ""},
		{"-a", "", ""},
		{"a-b c", "", ""},
		{`a-b"`, "", ""},
	}
	for _, tt := range tests {
		driver, name, ok := SplitName(tt.file)
		if ok != (tt.ups != "") || ok && (driver != tt.driver || name != tt.ups) {
			t.Errorf("%s: got %q %q %v", tt.file, driver, name, ok)
		}
	}
	if got := Path("/run", "usbhid-ups", "ups"); got != "/run/nut/usbhid-ups-ups" {
		t.Error(got)
	}
	for i, d := range dashed {
		for _, later := range dashed[i+1:] {
			if strings.HasPrefix(later, d+"-") {
				t.Errorf("%s hides %s", d, later)
			}
		}
	}
}
