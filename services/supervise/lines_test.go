package supervise

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestCleanKeepsTerminalsSafe(t *testing.T) {
	var got []string
	readLines(strings.NewReader("a\x1b[2Jb\n\r\n\nä\xff\tz\x7f\r\n\u009b1m"), func(s string) { got = append(got, s) })
	if want := `["a?[2Jb" "ä?\tz?" "?1m"]`; fmt.Sprintf("%q", got) != want {
		t.Errorf("got %q, want %s", got, want)
	}
}

func FuzzReadLines(f *testing.F) {
	f.Add("short\n" + strings.Repeat("x", 3*MaxLine) + "\nno newline")
	f.Add("\x1b[2J\xff\r\n\u009b")
	f.Fuzz(func(t *testing.T, text string) {
		newlines := strings.Count(text, "\n")
		readLines(strings.NewReader(text), func(line string) {
			newlines--
			if line == "" || len(line) > MaxLine+len(" ...") || !utf8.ValidString(line) || strings.ContainsAny(line, "\r\n\x1b\x7f\x00") {
				t.Errorf("%q", line)
			}
		})
		if newlines < -1 {
			t.Errorf("more lines than there are: %q", text)
		}
	})
}
