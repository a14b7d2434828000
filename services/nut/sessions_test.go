package nut

import (
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// playedSession is one whole session of testdata/whole/sessions.txt.
type playedSession struct {
	name     string
	requests []string
}

// logins are the ways to come in, by name.
var logins = []playedSession{
	{"nobody", nil},
	{"a name", []string{"USERNAME mon"}},
	{"a password", []string{`PASSWORD "sec ret"`}},
	{"a wrong password", []string{"USERNAME mon", "PASSWORD wrong"}},
	{"a secondary", []string{"USERNAME mon", `PASSWORD "sec ret"`}},
	{"a user without rights", []string{"USERNAME web", "PASSWORD secret"}},
	{"an operator", []string{"USERNAME op", `PASSWORD "op secret"`}},
	{"one with all commands", []string{"USERNAME all", `PASSWORD "all secret"`}},
	{"a primary", []string{"USERNAME pri", `PASSWORD "primary secret"`}},
	{"a primary with actions", []string{"USERNAME card", `PASSWORD "card secret"`}},
	{"one with the action FSD", []string{"USERNAME fsd", `PASSWORD "fsd secret"`}},
}

func readSessions(t *testing.T) (list []playedSession) {
	t.Helper()
	text, err := os.ReadFile("testdata/whole/sessions.txt")
	if err != nil {
		t.Fatal(err)
	}
	for block := range strings.SplitSeq("\n"+string(text), "\n= ") {
		alone, many, _ := strings.Cut("= "+block, "\n* ")
		list = append(list, newSessions(strings.TrimPrefix(alone, "= "), logins[:1])...)
		for _, b := range strings.Split(many, "\n* ") {
			list = append(list, newSessions(b, logins)...)
		}
	}
	return list
}

// newSessions makes a session of a block for each of the ways to come in.
func newSessions(block string, logins []playedSession) (list []playedSession) {
	name, text, _ := strings.Cut(block, "\n")
	if name == "" || strings.HasPrefix(name, "#") {
		return nil
	}
	var requests []string
	for line := range strings.SplitSeq(strings.Trim(text, "\n"), "\n") {
		requests = append(requests, line)
	}
	for _, l := range logins {
		list = append(list, playedSession{name + " as " + l.name, slices.Concat(l.requests, requests, []string{"LOGOUT"})})
	}
	return list
}

// difference is a request that NUT answers otherwise, on purpose.
type difference struct {
	request string // a regular expression
	nut     string // the versions that were seen to differ
	why     string
}

var differences = []difference{
	{`(?i)^\s*VER\b`, "all", "another program, another version"},
	{`^HELP$`, "2.8.0", "it does not name PROTVER"},
	{`(?i)^GET (DESC|CMDDESC) `, "all", "our own words"},
	{`^(SET VAR \S+ \S+ \S+|INSTCMD \S+ \S+ \S+) \S+$`, "all", "words too many are dropped, and with them a value's rest; we refuse"},
}

// TestSessionsLikeNUT plays whole sessions to NUT's upsd and to ours: every answer is the same, but for the rows above.
func TestSessionsLikeNUT(t *testing.T) {
	theirs, ours := liveServers(t)
	sessions := readSessions(t)
	seen := make(map[string]int)
	requests := 0
	for _, s := range sessions {
		var nutIDs, ourIDs orderIDs
		nut, us := dialLive(t, theirs), dialLive(t, ours)
		for _, request := range s.requests {
			requests++
			want, got := nut.askFinal(&nutIDs, unescape(request)), us.askFinal(&ourIDs, unescape(request))
			if got == want {
				continue
			}
			if d := findDifference(request); d != nil {
				seen[d.request]++
				continue
			}
			t.Errorf("%s: %q\nNUT  %q\nours %q", s.name, request, want, got)
		}
		settle(t, theirs, ours)
	}
	if len(sessions) < 200 {
		t.Errorf("only %d sessions", len(sessions))
	}
	t.Logf("%d sessions, %d requests; differences that were seen: %v", len(sessions), requests, seen)
}

func findDifference(request string) *difference {
	for i := range differences {
		if regexp.MustCompile(differences[i].request).MatchString(request) {
			return &differences[i]
		}
	}
	return nil
}

// settle waits until nobody is logged in to either server: they notice the end of a connection when they come to it.
func settle(t *testing.T, servers ...string) {
	t.Helper()
	const none = "BEGIN LIST CLIENT NAME\nEND LIST CLIENT NAME\n"
	for _, server := range servers {
		c := dialLive(t, server)
		for _, name := range []string{"ups", "stale", "never", "forced"} {
			for i := 0; c.ask("LIST CLIENT "+name) != strings.ReplaceAll(none, "NAME", name); i++ {
				if i == 1000 {
					t.Fatalf("somebody is still logged in to %s", name)
				}
				time.Sleep(time.Millisecond)
			}
		}
		c.ask("LOGOUT")
		if _, err := c.in.ReadByte(); err != io.EOF {
			t.Fatal("open after LOGOUT:", err)
		}
		c.conn.Close()
	}
}
