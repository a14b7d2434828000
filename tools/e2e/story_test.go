package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// worth is what a client had of an answer.
type worth uint8

const (
	right    worth = iota
	outdated       // it was true before
	stale          // it said that nothing is known
	wrong          // it was never true
)

// sight is an answer that a client got.
type sight struct {
	came  time.Time
	said  string
	worth worth
}

// look is the sight of an answer that was asked for and came at the given times, when the truths were these.
func look(answer string, asked, came time.Time, truths []truth) sight {
	const ever = 24 * time.Hour
	s := sight{came: came, said: strings.ToLower(strings.TrimPrefix(answer, "ERR ")), worth: stale}
	v := judge(answer, asked, came, truths, ever)
	switch {
	case v.right:
		s.worth = right
	case v.fresh:
		s.worth = outdated
	case v.wrong != "":
		s.worth = wrong
	}
	if found := statusAnswer.FindStringSubmatch(answer); found != nil {
		words := slices.DeleteFunc(strings.Fields(found[1]), func(w string) bool { return w == "CHRG" || w == "DISCHRG" })
		s.said = "`" + strings.Join(words, " ") + "`"
	}
	return s
}

// story is what a client saw of a UPS, one sight after another, up to the last one.
type story []sight

// lasted is for how long the client saw what was worth that: each sight lasts until the next.
func (s story) lasted(w worth) (sum time.Duration) {
	for i := range max(0, len(s)-1) {
		if s[i].worth == w {
			sum += s[i+1].came.Sub(s[i].came)
		}
	}
	return sum
}

// rightFrom is when the client was told the truth for the first time of all those that nothing else came after; zero for not yet.
func (s story) rightFrom() (at time.Time) {
	for _, one := range slices.Backward(s) {
		if one.worth != right {
			break
		}
		at = one.came
	}
	return at
}

// longestStory bounds what String tells, in changes.
const longestStory = 8

// String tells what was said for how long, and what it was worth.
func (s story) String() string {
	var all []string
	for begin := 0; begin < len(s); {
		end := begin
		for end < len(s) && s[end].said == s[begin].said && s[end].worth == s[begin].worth {
			end++
		}
		text := s[begin].said
		if end < len(s) {
			text += " " + seconds(s[end].came.Sub(s[begin].came))
		}
		if remark := map[worth]string{outdated: " (no longer true)", wrong: " (wrong)"}[s[begin].worth]; remark != "" {
			text += remark
		}
		all = append(all, text)
		begin = end
	}
	if n := len(all) - longestStory; n > 0 {
		all = append(all[:longestStory/2], append([]string{fmt.Sprintf("%d changes", n)}, all[len(all)-longestStory/2:]...)...)
	}
	return strings.Join(all, ", ")
}

// seconds is a duration as a table has it.
func seconds(d time.Duration) string {
	if d == 0 {
		return "–"
	}
	return fmt.Sprintf("%.1f s", d.Seconds())
}

func TestStory(t *testing.T) {
	at := func(s float64) time.Time { return time.Unix(0, int64(s*float64(time.Second))) }
	truths := []truth{{"OL", at(0)}, {"OB", at(10)}}
	var s story
	for _, a := range []struct {
		answer string
		came   float64
	}{
		{`VAR u ups.status "OL"`, 8}, {`VAR u ups.status "OL CHRG"`, 9}, {`VAR u ups.status "OL"`, 11}, {"ERR DATA-STALE", 12},
		{`VAR u ups.status "OL LB"`, 15}, {`VAR u ups.status "OB DISCHRG"`, 19}, {`VAR u ups.status "OB"`, 20},
	} {
		s = append(s, look(a.answer, at(a.came), at(a.came), truths))
	}
	const want = "`OL` 3.0 s, `OL` 1.0 s (no longer true), data-stale 3.0 s, `OL LB` 4.0 s (wrong), `OB`"
	if got := s.String(); got != want {
		t.Errorf("the story is\n%s, want\n%s", got, want)
	}
	for w, want := range map[worth]time.Duration{right: 4e9, outdated: 1e9, stale: 3e9, wrong: 4e9} {
		if got := s.lasted(w); got != want {
			t.Errorf("worth %d lasted %v, want %v", w, got, want)
		}
	}
	if got := s.rightFrom(); got != at(19) {
		t.Errorf("right from %v", got)
	}
	if got := s[:5].rightFrom(); !got.IsZero() {
		t.Errorf("a story that ends wrong is right from %v", got)
	}
}
