package nutclients

import (
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// transcripts plays what clients send that cannot be had here to both servers. testdata/transcripts has a file for each, whose lines are
//
//	# a remark
//	= NAME    what follows is on the connection of that name, which is opened when it first comes up
//	> TEXT    a write of TEXT and a line end; \r, \n and \t stand for themselves
//	>> TEXT   a write without a line end: the client sends its line in pieces
//	~ REGEXP  a line of the answer looks so
//	~* REGEXP any number of lines do
//	.         the server closes the connection
//	x         the client does, without a word; until then all that came was asked for
//	TEXT      a line of the answer is this
//
// Both servers' answers have this shape, and are equal but for the rows of differences.
func (b *bench) transcripts(t *testing.T) {
	files, err := filepath.Glob("testdata/transcripts/*.txt")
	if err != nil || len(files) < 7 {
		t.Fatalf("%d transcripts, %v", len(files), err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimSuffix(filepath.Base(file), ".txt")
		b.compare(t, name, "", func(server string) string {
			b.reset(t)
			return play(t, server, name, string(text))
		})
	}
}

// play returns all that a server answered, behind what it answered to.
func play(t *testing.T, server, name, text string) string {
	t.Helper()
	p := player{t: t, name: name + " to " + server, server: server, conns: make(map[string]*connection)}
	for line := range strings.Lines(text) {
		p.line++
		if line = strings.TrimSuffix(line, "\n"); line != "" && !strings.HasPrefix(line, "#") {
			p.step(line)
		}
	}
	if p.pattern != "" {
		p.fail("ends with a repeated line")
	}
	return p.said.String()
}

type player struct {
	t            *testing.T
	name, server string
	line         int

	conns   map[string]*connection
	conn    *connection
	pattern string // of lines of which any number may come
	said    strings.Builder
}

func (p *player) fail(format string, args ...any) {
	p.t.Helper()
	p.t.Fatalf("%s, line %d: %s\nuntil then:\n%s", p.name, p.line, fmt.Sprintf(format, args...), &p.said)
}

func (p *player) step(line string) {
	p.t.Helper()
	kind, rest, _ := strings.Cut(line, " ")
	unescaped := strings.NewReplacer(`\r`, "\r", `\n`, "\n", `\t`, "\t").Replace(rest)
	switch kind {
	case "=":
		p.open(rest)
	case ">":
		p.write(unescaped + "\n")
	case ">>":
		p.write(unescaped)
		time.Sleep(time.Millisecond) // so that it is a segment of its own, most times
	case "~":
		p.answer("^(" + rest + ")\n$")
	case "~*":
		p.pattern = "^(" + rest + ")\n$"
	case ".":
		p.end()
	case "x":
		p.conn.Conn.(*net.TCPConn).CloseWrite()
		p.end()
		p.conn.Close()
	default:
		p.answer("^" + regexp.QuoteMeta(line) + "\n$")
	}
}

func (p *player) open(name string) {
	p.t.Helper()
	if p.conns[name] == nil {
		p.conns[name] = dial(p.t, p.server)
	}
	p.conn = p.conns[name]
	fmt.Fprintf(&p.said, "= %s\n", name)
}

func (p *player) write(text string) {
	p.t.Helper()
	fmt.Fprintf(&p.said, "> %s", strings.TrimSuffix(text, "\n")+"\n")
	if _, err := io.WriteString(p.conn, text); err != nil {
		p.fail("%v", err)
	}
}

// answer reads a line that looks like this, behind those of which any number may come.
func (p *player) answer(pattern string) {
	p.t.Helper()
	for {
		line, err := p.conn.line()
		if err != nil {
			p.fail("%q, %v", line, err)
		}
		p.said.WriteString(line)
		switch {
		case regexp.MustCompile(pattern).MatchString(line):
			p.pattern = ""
			return
		case p.pattern == "" || !regexp.MustCompile(p.pattern).MatchString(line):
			p.fail("got %q, want %s or %s", line, pattern, p.pattern)
		}
	}
}

// end reads nothing but the end of the connection.
func (p *player) end() {
	p.t.Helper()
	rest, err := io.ReadAll(p.conn.in)
	if err != nil || len(rest) > 0 {
		p.fail("want the end, got %q, %v", rest, err)
	}
}
