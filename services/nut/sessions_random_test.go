package nut

import (
	"flag"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var randomSeed = flag.Uint64("randomseed", 1, "the first of the random sessions that are played to NUT's upsd and ours")
var randomSessions = flag.Uint64("randomsessions", 60, "how many of them")

// leftOut ends a session, or has NUT's upsd tell the driver of a parameter with blanks without quotes: the driver sees a line without a
// TRACKING, and the order is pending for ever.
var leftOut = regexp.MustCompile(`(?i)^\s*LOGOUT|^INSTCMD \S+ \S+ "\S* `)

// TestRandomSessionsLikeNUT plays the lines of all sessions in any order: NUT's upsd and ours answer the same, whatever came before.
func TestRandomSessionsLikeNUT(t *testing.T) {
	theirs, ours := liveServers(t)
	var lines []string
	for _, s := range readSessions(t) {
		lines = append(lines, s.requests...)
	}
	slices.Sort(lines)
	lines = slices.DeleteFunc(slices.Compact(lines), func(l string) bool { return leftOut.MatchString(l) })
	for seed := *randomSeed; seed < *randomSeed+*randomSessions; seed++ {
		r := rand.New(rand.NewPCG(seed, 2))
		requests := slices.Clone(logins[r.IntN(len(logins))].requests)
		for range 40 {
			requests = append(requests, lines[r.IntN(len(lines))])
			if r.IntN(10) == 0 {
				requests = append(requests, "SET TRACKING ON")
			}
		}
		var nutIDs, ourIDs orderIDs
		nut, us := dialLive(t, theirs), dialLive(t, ours)
		for i, request := range append(requests, "LOGOUT") {
			want, got := nut.askFinal(&nutIDs, unescape(request)), us.askFinal(&ourIDs, unescape(request))
			if got != want && findDifference(request) == nil {
				t.Fatalf("seed %d: %q\nNUT  %q\nours %q\nbehind\n%s", seed, request, want, got, strings.Join(requests[:i], "\n"))
			}
		}
		settle(t, theirs, ours)
	}
	t.Logf("%d sessions of %d different lines", *randomSessions, len(lines))
}
