package clock

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

var built = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

const day = 24 * time.Hour

func TestBounds(t *testing.T) {
	for _, test := range []struct {
		name      string
		seen, now time.Time
		step      time.Duration
	}{
		{"no clock chip, first start", time.Time{}, time.Unix(3, 0), built.Sub(time.Unix(3, 0))},
		{"no clock chip, seen later", built.Add(day), time.Unix(3, 0), built.Add(day).Sub(time.Unix(3, 0))},
		{"seen before the build", built.Add(-day), time.Unix(3, 0), built.Sub(time.Unix(3, 0))},
		{"seen after all time", built.Add(30 * 365 * day), time.Unix(3, 0), built.Sub(time.Unix(3, 0))},
		{"clock chip is right", built.Add(day), built.Add(2 * day), 0},
		{"clock chip is behind", built.Add(day), built.Add(day - time.Second), time.Second},
		{"clock chip is far ahead", built.Add(day), built.Add(30 * 365 * day), day - 30*365*day},
	} {
		if got := NewBounds(built, test.seen).AtStart(test.now); got != test.step {
			t.Errorf("%s: stepped by %v, want %v", test.name, got, test.step)
		}
	}
}

func TestBuild(t *testing.T) {
	defer func(was string) { buildDate = was }(buildDate)
	for text, want := range map[string]time.Time{"": oldest, "x": oldest, "-5": oldest, "0": oldest, "1780315200": built} {
		if buildDate = text; !Build().Equal(want) {
			t.Errorf("%q: %v, want %v", text, Build(), want)
		}
	}
}

func TestSeenDue(t *testing.T) {
	for _, test := range []struct {
		passed   time.Duration
		stopping bool
		want     bool
	}{
		{day - time.Second, false, false}, {day, false, true}, {time.Hour, false, false},
		{9 * time.Minute, true, false}, {10 * time.Minute, true, true}, {-day, true, false}, {-day, false, false},
	} {
		if got := seenDue(built, built.Add(test.passed), test.stopping); got != test.want {
			t.Errorf("%+v: got %v", test, got)
		}
	}
}

func TestParseSeen(t *testing.T) {
	for text, want := range map[string]bool{
		"2026-06-01T12:00:00Z\n": true, "2026-06-01T12:00:00Z": false, "": false, "\n": false, "2026-13-01T12:00:00Z\n": false, "now\n": false,
	} {
		if got, err := parseSeen([]byte(text)); (err == nil) != want || want && !got.Equal(built) {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
}

func ms(offset, spread int) Sample {
	return Sample{fmt.Sprint(offset), time.Duration(offset) * time.Millisecond, time.Duration(spread) * time.Millisecond}
}

func TestAgree(t *testing.T) {
	for _, test := range []struct {
		name    string
		samples []Sample
		want    string // server, or a part of the error
	}{
		{"one", []Sample{ms(5000, 30)}, "5000"},
		{"two agree, the sharper is taken", []Sample{ms(5000, 300), ms(5200, 30)}, "5200"},
		{"two differ", []Sample{ms(5000, 30), ms(-5000, 30)}, "of 2 servers at most 1 agree"},
		{"one of three is false", []Sample{ms(9999999, 1), ms(10, 30), ms(20, 40)}, "10"},
		{"two of four are false", []Sample{ms(9999999, 1), ms(10, 30), ms(20, 40), ms(-70000, 3)}, "of 4 servers at most 2"},
		{"a wide one bridges nothing", []Sample{ms(-400, 20), ms(0, 500), ms(400, 20), ms(800, 20)}, "at most 2 agree"},
		{"all differ", []Sample{ms(0, 1), ms(100, 1), ms(200, 1)}, "at most 1"},
		{"vague ones do not count", []Sample{ms(0, 1600), ms(7, 1)}, "7"},
		{"only vague ones", []Sample{ms(0, 1600)}, "well enough"},
		{"none", nil, "well enough"},
		{"a millisecond apart on a fast network", []Sample{ms(0, 0), ms(1, 0)}, "0"},
		{"overflow", []Sample{{"x", 1<<63 - 1, time.Second}}, "agree"},
		{"underflow", []Sample{{"x", -1 << 63, time.Second}}, "agree"},
	} {
		got, err := agree(test.samples)
		if err != nil && !strings.Contains(err.Error(), test.want) || err == nil && got.Server != test.want {
			t.Errorf("%s: %v, %v; want %s", test.name, got, err, test.want)
		}
	}
}

func TestDecide(t *testing.T) {
	bounds := NewBounds(built, built.Add(day))
	now := built.Add(2 * day)
	right, doubt := steering{synced: true}, steering{synced: true, pending: time.Hour}
	for _, test := range []struct {
		name   string
		before steering
		offset time.Duration
		want   act
		after  steering
	}{
		{"first, small", steering{}, 400 * time.Millisecond, slew, right},
		{"first, large", steering{}, time.Hour, step, right},
		{"first, back", steering{}, -time.Hour, step, right},
		{"first, before the floor", steering{}, -day - time.Second, refuse, steering{}},
		{"first, after the ceiling", steering{}, 25 * 365 * day, refuse, steering{}},
		{"later, small", right, -500 * time.Millisecond, slew, right},
		{"later, large", right, time.Hour, confirm, doubt},
		{"large again", doubt, time.Hour + time.Millisecond, step, right},
		{"another large", doubt, 2 * time.Hour, confirm, steering{synced: true, pending: 2 * time.Hour}},
		{"it was one odd answer", doubt, time.Millisecond, slew, right},
		{"before the floor forgets doubts", doubt, -2 * day, refuse, right},
	} {
		after, got, err := test.before.decide(test.offset, now, bounds)
		if got != test.want || after != test.after || (err != nil) != (got == refuse || got == confirm) {
			t.Errorf("%s: %v, %+v, %v; want %v, %+v", test.name, got, after, err, test.want, test.after)
		}
	}
}

func TestPace(t *testing.T) {
	var p pace
	for i, s := range []struct {
		outcome outcome
		seconds int
	}{
		{failed, 16}, {failed, 32}, {failed, 64}, {fine, 64}, {fine, 128}, {unsure, 64}, {unsure, 64}, {fine, 64}, {fine, 128},
		{fine, 256}, {fine, 512}, {fine, 1024}, {fine, 2048}, {fine, 2048}, {failed, 16},
	} {
		if p = p.after(s.outcome); p.wait != time.Duration(s.seconds)*time.Second {
			t.Errorf("round %d: wait %v, want %d s", i, p.wait, s.seconds)
		}
	}
}

func TestRests(t *testing.T) {
	r := rests{}
	all := []string{"a", "b", "c", "a", "", "d"}
	check := func(when time.Duration, want ...string) {
		t.Helper()
		if got := r.awake(all, built.Add(when)); !slices.Equal(got, want) {
			t.Errorf("after %v: %q, want %q", when, got, want)
		}
	}
	check(0, "a", "b", "c", "d")
	r.kiss("a", "RATE", built)
	r.kiss("b", "DENY", built)
	r.kiss("c", "INIT", built)
	check(0, "c", "d")
	check(maxPoll, "a", "c", "d")
	r.kiss("a", "RATE", built.Add(maxPoll)) // rests twice as long
	check(2*maxPoll, "c", "d")
	check(3*maxPoll, "a", "c", "d")
	r.awake([]string{"a"}, built)
	check(3*maxPoll, "a", "b", "c", "d") // listed anew, asked anew
	for i := range 20 {
		all = append(all, fmt.Sprint("s", i))
	}
	if got := r.awake(all, built.Add(3*maxPoll)); len(got) != maxServers {
		t.Errorf("%d servers are asked", len(got))
	}
}

func TestStepRequest(t *testing.T) {
	for _, test := range []struct {
		by         time.Duration
		sec, nanos int64
	}{{1500 * time.Millisecond, 1, 5e8}, {-1500 * time.Millisecond, -2, 5e8}, {-time.Second, -1, 0}, {-1, -1, 999_999_999}, {0, 0, 0}} {
		if r := stepRequest(test.by); r.Time.Sec != test.sec || r.Time.Usec != test.nanos {
			t.Errorf("%v: %+v", test.by, r.Time)
		}
	}
}

func FuzzAgree(f *testing.F) {
	f.Add(int64(0), int64(5), int64(100), int64(5), int64(1e9), int64(5))
	f.Fuzz(func(t *testing.T, o1, e1, o2, e2, o3, e3 int64) {
		samples := []Sample{{"1", time.Duration(o1), time.Duration(e1)}, {"2", time.Duration(o2), time.Duration(e2)}, {"3", time.Duration(o3), time.Duration(e3)}}
		got, err := agree(samples)
		if err == nil && !slices.Contains(samples, got) {
			t.Errorf("%v gives %v", samples, got)
		}
	})
}

func TestTroubleIsToldOnce(t *testing.T) {
	a, b := errors.New("a: read udp 10.0.2.15:40423: timeout"), errors.New("a: read udp 10.0.2.15:51002: timeout")
	if !alike(a, b) || alike(a, nil) || alike(nil, nil) || alike(a, errors.New("a: no such host")) {
		t.Error("alike")
	}
	for want, errs := range map[string][]error{"<nil>": {nil, nil}, a.Error(): {nil, a}, a.Error() + " (and 2 more)": {a, b, nil, b}} {
		if got := fmt.Sprint(summary(errs)); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
