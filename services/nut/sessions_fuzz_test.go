package nut

import (
	"bytes"
	"math/rand/v2"
	"os"
	"regexp"
	"strings"
	"testing"
)

// answerLine is what a line of any answer looks like.
var answerLine = regexp.MustCompile(`^(OK( .+)?|ERR [A-Z-]+|(BEGIN|END) LIST [A-Z]+.*|(VAR|TYPE|DESC|CMDDESC|UPSDESC|NUMLOGINS|NUMATTACH|UPS|RW|CMD|CLIENT|ENUM|RANGE) .*|` +
	`ON|OFF|PENDING|SUCCESS|1\.3|Network UPS Tools upsd .*|Commands: .*|ERR UNKNOWN)$`)

// vocabulary is every line of the sessions that are played to NUT.
func vocabulary(tb testing.TB) (lines []string) {
	tb.Helper()
	text, err := os.ReadFile("testdata/whole/sessions.txt")
	if err != nil {
		tb.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if !strings.HasPrefix(line, "= ") && !strings.HasPrefix(line, "* ") && line != "\n" {
			lines = append(lines, unescape(strings.TrimSuffix(line, "\n")))
		}
	}
	for _, l := range logins {
		lines = append(lines, l.requests...)
	}
	return append(lines, "ATTACH ups", "DETACH", "GET NUMATTACH ups", "SET VAR forced server.fsd no")
}

// FuzzSessionOrder plays commands in any order, one in four of them spoilt, and cuts them at any byte: whatever comes, each answer has
// its form, the cuts change nothing, and in the end nobody is logged in.
func FuzzSessionOrder(f *testing.F) {
	lines := vocabulary(f)
	for seed := range uint64(20) {
		f.Add(seed, 30, 7)
	}
	f.Fuzz(func(t *testing.T, seed uint64, count, size int) {
		r := rand.New(rand.NewPCG(seed, 1))
		var in []byte
		for range max(0, count) % 60 {
			in = append(in, spoil(r, lines[r.IntN(len(lines))])...)
			in = append(in, '\n')
		}
		host, other := testHost(), testHost()
		host.Strict = seed%3 == 1
		other.Strict = host.Strict
		whole, pieces := NewSession(host, "192.0.2.7"), NewSession(other, "192.0.2.7")
		if seed%3 == 2 { // on the card itself
			whole, pieces = NewTrustedSession(host, "monitor"), NewTrustedSession(other, "monitor")
		}
		a, openA := drain(whole, in, len(in)+1)
		b, openB := drain(pieces, in, 1+max(0, size)%50)
		if len(in) > 0 && (!bytes.Equal(a, b) || openA != openB) {
			t.Fatalf("%q: whole %q, in pieces %q", in, a, b)
		}
		for line := range strings.Lines(string(a)) {
			if !answerLine.MatchString(strings.TrimSuffix(line, "\n")) {
				t.Fatalf("%q: answer %q", in, line)
			}
		}
		whole.Close()
		pieces.Close()
		for _, u := range host.Registry.All() {
			if u.Logins() != 0 {
				t.Fatalf("%q: %d logins of %s are left", in, u.Logins(), u.Name())
			}
		}
	})
}

// spoil returns a line as it is, or in one of four cases with a byte changed, inserted or left out.
func spoil(r *rand.Rand, line string) string {
	if line == "" || r.IntN(4) > 0 {
		return line
	}
	i, b := r.IntN(len(line)), string([]byte{byte(r.IntN(256))})
	switch r.IntN(3) {
	case 0:
		return line[:i] + b + line[i+1:]
	case 1:
		return line[:i] + b + line[i:]
	}
	return line[:i] + line[i+1:]
}

// TestCutAtEveryByte: a session in two pieces, cut at each of its bytes, is the same session.
func TestCutAtEveryByte(t *testing.T) {
	for _, s := range readSessions(t) {
		in := []byte(unescape(strings.Join(s.requests, "\n")) + "\n")
		if len(in) > 400 {
			in = in[:400]
		}
		want, _ := drain(NewSession(testHost(), "addr"), in, len(in))
		for i := 1; i < len(in); i++ {
			session := NewSession(testHost(), "addr")
			first, open := drain(session, in[:i], i)
			got := first
			if open {
				second, _ := drain(session, in[i:], len(in))
				got = append(got, second...)
			}
			if !bytes.Equal(got, want) {
				t.Fatalf("%s cut at %d: %q, want %q", s.name, i, got, want)
			}
			session.Close()
		}
	}
}
