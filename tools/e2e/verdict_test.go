package e2e

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// truth is what a UPS's status is from a time on, OL or OB.
type truth struct {
	status string
	from   time.Time
}

// verdict is what an answer of the card is worth.
type verdict struct {
	fresh bool
	right bool          // and fresh
	lag   time.Duration // for how long it has no longer been true
	wrong string        // why nobody should have seen it
}

// statusAnswer is a NUT server's answer to GET VAR ups.status.
var statusAnswer = regexp.MustCompile(`^VAR \S+ ups\.status "([^"]*)"$`)

// judge holds an answer that was asked for and came at the given times against the truths, the newest last. An old truth may be told for the limit, and a UPS
// at rest or discharging may charge or discharge, but nothing else is ever said.
func judge(answer string, asked, came time.Time, truths []truth, limit time.Duration) verdict {
	if answer == "ERR DATA-STALE" || answer == "ERR DRIVER-NOT-CONNECTED" {
		return verdict{}
	}
	found := statusAnswer.FindStringSubmatch(answer)
	if found == nil {
		return verdict{wrong: fmt.Sprintf("the answer is %q", answer)}
	}
	said := ""
	for _, word := range strings.Fields(found[1]) {
		switch {
		case word == "CHRG" || word == "DISCHRG":
		case said == "" && (word == "OL" || word == "OB"):
			said = word
		default:
			said += "?"
		}
	}
	if said != "OL" && said != "OB" {
		return verdict{wrong: fmt.Sprintf("the status is %q", found[1])}
	}
	until := came
	for _, t := range slices.Backward(truths) {
		switch {
		case t.from.After(came):
		case t.status == said && !until.Before(asked):
			return verdict{fresh: true, right: true}
		case t.status == said && asked.Sub(until) <= limit:
			return verdict{fresh: true, lag: asked.Sub(until)}
		}
		until = t.from
	}
	return verdict{wrong: fmt.Sprintf("the status is %q, which was not true for %v", found[1], limit)}
}

func TestJudge(t *testing.T) {
	at := func(s float64) time.Time { return time.Unix(0, int64(s*float64(time.Second))) }
	truths := []truth{{"OL", at(0)}, {"OB", at(10)}, {"OL", at(20)}}
	for _, c := range []struct {
		answer      string
		asked, came float64
		want        verdict
	}{
		{"ERR DATA-STALE", 5, 5, verdict{}},
		{`VAR u ups.status "OL"`, 5, 5, verdict{fresh: true, right: true}},
		{`VAR u ups.status "OL CHRG"`, 5, 5, verdict{fresh: true, right: true}},
		{`VAR u ups.status "OB DISCHRG"`, 9.9, 10.1, verdict{fresh: true, right: true}},
		{`VAR u ups.status "OL"`, 9.9, 10.1, verdict{fresh: true, right: true}},
		{`VAR u ups.status "OL"`, 12, 12, verdict{fresh: true, lag: 2 * time.Second}},
		{`VAR u ups.status "OB"`, 23, 23, verdict{fresh: true, lag: 3 * time.Second}},
		{`VAR u ups.status "OL"`, 14, 14, verdict{wrong: "x"}},
		{`VAR u ups.status "OB"`, 5, 5, verdict{wrong: "x"}},
		{`VAR u ups.status "OL LB"`, 5, 5, verdict{wrong: "x"}},
		{`VAR u ups.status "OL OB"`, 5, 5, verdict{wrong: "x"}},
		{`VAR u ups.status "CHRG"`, 5, 5, verdict{wrong: "x"}},
		{"ERR UNKNOWN-UPS", 5, 5, verdict{wrong: "x"}},
	} {
		got := judge(c.answer, at(c.asked), at(c.came), truths, 3*time.Second)
		if got.wrong != "" {
			got.wrong = "x"
		}
		if got != c.want {
			t.Errorf("%s at %v: %+v, want %+v", c.answer, c.asked, got, c.want)
		}
	}
}
