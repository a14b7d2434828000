package parseconf

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func split(line string) ([]string, error) {
	var s Splitter
	words, err := s.Split([]byte(line))
	if err != nil {
		return nil, err
	}
	out := make([]string, 0, len(words))
	for _, w := range words {
		out = append(out, string(w))
	}
	return out, nil
}

func TestSplit(t *testing.T) {
	tests := []struct {
		line string
		want []string
	}{
		{"", nil},
		{" \t\r", nil},
		{"GET VAR ups ups.status", []string{"GET", "VAR", "ups", "ups.status"}},
		{"  VER\r\r", []string{"VER"}},
		{`SETINFO a "OL CHRG"`, []string{"SETINFO", "a", "OL CHRG"}},
		{`SETINFO a ""`, []string{"SETINFO", "a", ""}},
		{`one\ word`, []string{"one word"}},
		{`a\\b`, []string{`a\b`}},
		{`"say \"hi\" \# \\"`, []string{`say "hi" # \`}},
		{`mid"quote`, []string{`mid"quote`}},
		{`"a""b"`, []string{"a", "b"}},
		{`"a"b`, []string{"a", "b"}},
		{"a # rest", []string{"a"}},
		{"a#rest", []string{"a"}},
		{"# all", nil},
		{"a=b", []string{"a", "=", "b"}},
		{"= a =b", []string{"=", "a", "=", "b"}},
		{`\=a`, []string{"=a"}},
		{"\x00VER", []string{"VER"}},
		{"\x01V\x1fER\x00", []string{"VER"}},
		{"\x01", []string{""}},
		{`a\` + "\x02b", []string{"ab"}},
		{"\xffVER \xff", []string{"\xffVER", "\xff"}},
		{"a\x7fb", []string{"a\x7fb"}},
		{`"pä ss"`, []string{"pä ss"}},
	}
	for _, tt := range tests {
		got, err := split(tt.line)
		if err != nil || !slices.Equal(got, tt.want) {
			t.Errorf("%q: got %q, %v; want %q", tt.line, got, err, tt.want)
		}
	}
}

func TestSplitErrors(t *testing.T) {
	tests := []struct {
		line string
		want error
	}{
		{`GET VAR "ups`, ErrUnbalanced},
		{`GET \`, ErrUnbalanced},
		{`"a # b"`, ErrBareHash},
		{strings.Repeat("a ", MaxWords+1), ErrTooManyWords},
		{strings.Repeat("a", MaxWord+1), ErrWordTooLong},
		{strings.Repeat("a", MaxWord+1) + " b", ErrWordTooLong},
		{strings.Repeat("a", MaxWord+1) + "=", ErrWordTooLong},
	}
	for _, tt := range tests {
		if _, err := split(tt.line); !errors.Is(err, tt.want) {
			t.Errorf("%.20q: got %v, want %v", tt.line, err, tt.want)
		}
	}
	for _, line := range []string{strings.Repeat("a ", MaxWords), strings.Repeat("a", MaxWord)} {
		if _, err := split(line); err != nil {
			t.Errorf("%.20q...: %v", line, err)
		}
	}
}

func TestAppend(t *testing.T) {
	const in = "a \"b\" \\ # \x01\x7fü"
	if got, want := string(AppendQuoted(nil, in)), `"a \"b\" \\ \# "`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := string(AppendBare([]byte("x "), "Bü\x7fro\n")), "x Bro"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestSplitAllocatesNothing(t *testing.T) {
	var s Splitter
	line := []byte("GET VAR ups battery.charge")
	_, _ = s.Split(line)
	if n := testing.AllocsPerRun(100, func() { _, _ = s.Split(line) }); n != 0 {
		t.Errorf("%v allocations per line", n)
	}
}

func FuzzSplit(f *testing.F) {
	for _, seed := range []string{"GET VAR ups ups.status", `SETINFO a "b \" c"`, `\`, "a=b # c", `"`, "\x00\xff", "\xffVER", `"pä\"ss"`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		var s Splitter
		words, err := s.Split(line)
		if err != nil {
			return
		}
		if len(words) > MaxWords {
			t.Fatalf("%d words", len(words))
		}
		var again []byte
		var plain [][]byte
		for _, w := range words {
			if len(w) > MaxWord {
				t.Fatalf("word of %d bytes", len(w))
			}
			again = append(AppendQuoted(again, string(w)), ' ')
			plain = append(plain, AppendBare(nil, w))
		}
		var s2 Splitter
		words2, err := s2.Split(again)
		if err != nil || !slices.EqualFunc(plain, words2, slices.Equal[[]byte]) {
			t.Fatalf("%q: words %q, quoted and split again %q, %v", line, words, words2, err)
		}
	})
}
