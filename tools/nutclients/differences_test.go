package nutclients

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// difference is a line that clients say of NUT's upsd and of ours in different words.
type difference struct {
	client string // a regular expression of the call
	line   string // and one of the line
	nut    string // the versions of NUT that were seen to differ
	why    string
}

var differences = []difference{
	{``, `.*Network UPS Tools upsd .*`, "all", "another program, another version"},
	{`^pynut|^node-nut$|^go.nut$`, `.*Commands: HELP VER .*`, "2.8.0", "it does not name PROTVER"},
	{`^pynut`, `SetRWVar \('ups', 'ups.id', 'two words'\) .*`, "all", "PyNUT does not quote; NUT takes the first word, we refuse a value that would be cut"},
	{`^driver$`, `RW (RANGE )?NUMBER SET VAR \S+ \S+ ".*`, "all", "NUT takes any text for a number; to us it must be one, and in range"},
	{`^driver$`, `RW ENUM STRING:\d+ SET VAR \S+ \S+ "three .*`, "all", "NUT compares a value in its escaped form, so that one with a quote cannot be chosen"},
}

// agree leaves out of both texts what may differ.
func (b *bench) agree(who, theirs, ours string) (string, string) {
	for _, d := range differences {
		if !regexp.MustCompile(d.client).MatchString(who) {
			continue
		}
		line := regexp.MustCompile(`(?m)^(` + d.line + `)$\n?`)
		if !slices.Equal(line.FindAllString(theirs, -1), line.FindAllString(ours, -1)) {
			b.mu.Lock()
			b.seen[d.why]++
			b.mu.Unlock()
		}
		theirs, ours = line.ReplaceAllString(theirs, ""), line.ReplaceAllString(ours, "")
	}
	return strings.TrimSpace(theirs) + "\n", strings.TrimSpace(ours) + "\n"
}

// logSeen tells which differences there were.
func (b *bench) logSeen(t *testing.T) {
	for why, n := range b.seen {
		t.Logf("%d times: %s", n, why)
	}
}
