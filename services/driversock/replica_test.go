package driversock

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/upscard/upscard/services/parseconf"
	"github.com/upscard/upscard/services/ups"
)

func TestReplicaLines(t *testing.T) {
	r := newReplica()
	feed(r, []byte(`SETINFO ups.status "OL CHRG"
SETINFO ups.id x
SETFLAGS ups.id RW STRING NOVELTY
SETAUX ups.id 32
ADDENUM ups.id "a b"
ADDENUM ups.id c
ADDENUM ups.id c
DELENUM ups.id "a b"
ADDRANGE ups.id 1 5
ADDRANGE ups.id 7 9
DELRANGE ups.id 1 5
ADDRANGE ups.id one 5
SETAUX ups.id many
SETFLAGS no.such RW
ADDCMD a
ADDCMD b
DELCMD a
DELINFO never
NOVELTY a b
SETINFO
SETINFO lonely
setinfo lower.case 1
DATAOK
DUMPDONE
`))
	want := snap(ups.Fresh, vars{
		"ups.status": {Value: "OL CHRG"},
		"ups.id": {Value: "x", Flags: ups.RW | ups.String, MaxLen: 32, Enum: []string{"c"},
			Ranges: []ups.Range{{Min: 7, Max: 9}}},
		"lower.case": {Value: "1"},
	}, "b")
	if d := difference(want, r.snapshot(time.Time{})); d != "" {
		t.Error(d)
	}
}

func TestReplicaResults(t *testing.T) {
	r := newReplica()
	feed(r, []byte("TRACKING a 0\nTRACKING b 1 more\nTRACKING c 2\nTRACKING d 3\ntracking e 4\nTRACKING f 5\n"+
		"TRACKING g PENDING\nTRACKING h -1\nTRACKING i\nTRACKING\nTRACKING j 99999999999999999999\nTRACKING \"k l\" 0\n"))
	want := []tracked{{"a", Handled}, {"b", Unknown}, {"c", Invalid}, {"d", Failed}, {"e", ConversionFailed}, {"f", Unknown}, {"k l", Handled}}
	if got := r.results(); !slices.Equal(got, want) {
		t.Errorf("got %v", got)
	}
	if got := r.results(); len(got) != 0 {
		t.Errorf("told again: %v", got)
	}
	if r.changed {
		t.Error("a result counts as a change")
	}
}

func TestReplicaIsBounded(t *testing.T) {
	r := newReplica()
	var b strings.Builder
	b.WriteString("SETINFO v 1\n")
	for i := range 2 * maxVars {
		fmt.Fprintf(&b, "SETINFO v%d 1\nADDCMD c%d\nADDENUM v e%d\nADDRANGE v %d 1\n", i, i, i, i)
	}
	feed(r, []byte(b.String()))
	v := r.vars["v"]
	if len(r.vars) > maxVars || len(r.commands) > maxCommands || len(v.Enum) > maxChoices || len(v.Ranges) > maxChoices {
		t.Errorf("%d variables, %d commands, %d enums, %d ranges", len(r.vars), len(r.commands), len(v.Enum), len(v.Ranges))
	}
}

// TestSnapshotsAreImmutable: lines that come later change nothing in a snapshot that was given away.
func TestSnapshotsAreImmutable(t *testing.T) {
	r := newReplica()
	feed(r, []byte("SETINFO a 1\nADDENUM a x\nADDENUM a y\nADDRANGE a 1 2\nADDCMD c\nDATAOK\nDUMPDONE\n"))
	s := r.snapshot(time.Time{})
	copied := fmt.Sprintf("%+v", s)
	feed(r, []byte("DELENUM a x\nADDENUM a z\nADDENUM a x\nDELRANGE a 1 2\nADDRANGE a 3 4\nSETINFO a 2\nDELCMD c\nDELINFO a\n"))
	r.snapshot(time.Time{})
	if now := fmt.Sprintf("%+v", s); now != copied {
		t.Errorf("was %s\nis  %s", copied, now)
	}
}

func TestLines(t *testing.T) {
	long := strings.Repeat("x", maxLine+1)
	text := "a\n\nbc\n" + long + "\nd\n" + long[1:] + "\ne"
	want := []string{"a", "", "bc", "d", long[1:]}
	for size := 1; size < 6000; size += size/2 + 1 {
		var l lines
		var got []string
		for rest := text; rest != ""; {
			n := min(size, len(rest))
			l.feed([]byte(rest[:n]), func(line []byte) { got = append(got, string(line)) })
			rest = rest[n:]
		}
		if strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Fatalf("chunks of %d: %d lines: %.60q", size, len(got), got)
		}
	}
}

func FuzzReplica(f *testing.F) {
	f.Add(appendDump(nil, snap(ups.Fresh, full, "load.off")))
	f.Add([]byte("SETINFO a\nDATASTALE\nADDRANGE a 1\nSETFLAGS a\n\x00\xff\nDELENUM a b\nPONG\nPID 1\nTRACKING a 0\n"))
	f.Add([]byte("SETINFO a \xd2b\nSETINFO \xd2 c\nADDCMD \xd2\nADDENUM a \xd2\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		whole, bytewise := newReplica(), newReplica()
		feed(whole, text)
		var l lines
		var s parseconf.Splitter
		for i := range text {
			l.feed(text[i:i+1], func(line []byte) {
				if words, err := s.Split(line); err == nil {
					bytewise.apply(words)
				}
			})
		}
		if a, b := whole.results(), bytewise.results(); !slices.Equal(a, b) {
			t.Fatal("cut at each byte:", a, b)
		}
		a, b := whole.snapshot(time.Time{}), bytewise.snapshot(time.Time{})
		if d := difference(a, b); d != "" {
			t.Fatal("cut at each byte:", d)
		}
		again := newReplica()
		feed(again, appendDump(nil, a))
		want := a
		if a.Freshness() == ups.Absent {
			want = a.With(ups.Stale)
		}
		if d := difference(want, again.snapshot(time.Time{})); d != "" {
			t.Fatal("sent on:", d)
		}
	})
}
