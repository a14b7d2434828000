package nut

import (
	"bytes"
	"flag"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/upscard/upscard/services/ups"
)

var update = flag.Bool("update", false, "write the golden transcripts anew")

// testHost offers one UPS in each state.
func testHost() *Host {
	registry := new(Registry)
	fresh := map[string]ups.Var{
		"battery.charge": {Value: "100"},
		"input.transfer.low": {Value: "90", Flags: ups.RW | ups.Number,
			Ranges: []ups.Range{{Min: 85, Max: 95}, {Min: 100, Max: 105}}},
		"input.sensitivity": {Value: "normal", Flags: ups.RW | ups.String, MaxLen: 10, Enum: []string{"low", "normal"}},
		"ups.id":            {Value: `say "hi" \ #1`, Flags: ups.RW | ups.String, MaxLen: 32},
		"ups.mfr":           {Value: "Pr\xc3\xbcfer\n", Flags: ups.String, MaxLen: 8},
		"ups.status":        {Value: "OL CHRG"},
	}
	commands := []string{"test.battery.start", "beeper.mute"}
	read := time.Date(2025, 1, 2, 3, 4, 5, 0, time.UTC)
	registry.Add("ups", `The "first" one`).Store().Set(ups.NewSnapshot(fresh, commands, ups.Fresh, read))
	registry.Add("stale", "").Store().Set(ups.NewSnapshot(fresh, commands, ups.Stale, read))
	registry.Add("never", "")
	gone := registry.Add("gone", "")
	gone.DriverCame()
	gone.Store().Set(ups.NewSnapshot(nil, nil, ups.Absent, read))
	return &Host{
		Registry: registry,
		Users: NewUsers([]User{
			{Name: "mon", Password: "sec ret", Monitor: true},
			{Name: "web", Password: "secret"},
			{Name: "open", Password: "", Monitor: true},
		}),
		Version: "1.2.3",
		Logger:  slog.New(slog.DiscardHandler),
	}
}

// TestTranscripts plays the client's lines, which begin with "> ", of each file in testdata. "> " may be followed by
// \r, \0 and the like as in a Go string.
func TestTranscripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no transcripts", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := play(string(want))
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			} else if got != string(want) {
				t.Errorf("got\n%s", got)
			}
		})
	}
}

func play(script string) string {
	s := NewSession(testHost(), "192.0.2.7")
	defer s.Close()
	var out strings.Builder
	for line := range strings.Lines(script) {
		request, ok := strings.CutPrefix(line, "> ")
		if !ok {
			if strings.HasPrefix(line, "#") {
				out.WriteString(line)
			}
			continue
		}
		out.WriteString(line)
		reply, _, open := s.Take(nil, []byte(unescape(request)))
		out.Write(reply)
		if !open {
			out.WriteString("# closed\n")
			break
		}
	}
	return out.String()
}

func unescape(request string) string {
	return strings.NewReplacer(`\r`, "\r", `\0`, "\x00", `\xff`, "\xff", `\t`, "\t").Replace(request)
}

// drain takes all of data, cut into pieces of at most size bytes.
func drain(s *Session, data []byte, size int) (reply []byte, open bool) {
	for len(data) > 0 {
		n := min(size, len(data))
		piece := data[:n]
		for len(piece) > 0 {
			var out []byte
			out, piece, open = s.Take(nil, piece)
			reply = append(reply, out...)
			if !open {
				return reply, false
			}
		}
		data = data[n:]
	}
	return reply, true
}

func TestLongLines(t *testing.T) {
	long := strings.Repeat("x", maxLine)
	tests := []struct {
		name, in, want string
		open           bool
	}{
		{"longest", long + "\nVER\n", "ERR INVALID-ARGUMENT\n" + "VER", true},
		{"too long", long + "x\nVER\n", "ERR INVALID-ARGUMENT\n" + "VER", true},
		{"never ended", long + long, "ERR INVALID-ARGUMENT\n", true},
		{"nothing yet", long, "", true},
		{"flood", strings.Repeat(long, 65), "ERR INVALID-ARGUMENT\n", false},
		{"flood in one line", strings.Repeat(long, 65) + "\nVER\n", "ERR INVALID-ARGUMENT\n", false},
	}
	for _, tt := range tests {
		want := strings.ReplaceAll(tt.want, "VER", testHost().info()+"\n")
		for _, size := range []int{1, 7, 1024, 1 << 20} {
			s := NewSession(testHost(), "addr")
			reply, open := drain(s, []byte(tt.in), size)
			if string(reply) != want || open != tt.open {
				t.Errorf("%s by %d: got %q, open %v", tt.name, size, reply, open)
			}
			if cap(s.line) > 4*maxLine {
				t.Errorf("%s by %d: %d bytes kept", tt.name, size, cap(s.line))
			}
		}
	}
}

// TestPipelined: check_ups asks and leaves in one write, WinNUT ends its lines with \r\r\n.
func TestPipelined(t *testing.T) {
	s := NewSession(testHost(), "addr")
	reply, open := drain(s, []byte("GET VAR ups ups.status\r\r\nNETVER\nLOGOUT\r\r\nVER\n"), 1000)
	if want := "VAR ups ups.status \"OL CHRG\"\n1.3\nOK Goodbye\n"; string(reply) != want || open {
		t.Errorf("%q, open %v", reply, open)
	}
}

// TestBatches: pipelined requests cannot make the server collect answers without limit.
func TestBatches(t *testing.T) {
	s := NewSession(testHost(), "addr")
	data := bytes.Repeat([]byte("LIST VAR ups\n"), 1000)
	writes := 0
	for len(data) > 0 {
		var reply []byte
		reply, data, _ = s.Take(nil, data)
		if len(reply) > 2*maxBatch {
			t.Fatalf("a batch of %d bytes", len(reply))
		}
		writes++
	}
	if writes < 5 {
		t.Errorf("%d writes", writes)
	}
}

func TestGetVarAllocatesNothing(t *testing.T) {
	s := NewSession(testHost(), "addr")
	request := []byte("GET VAR ups ups.status\n")
	out := make([]byte, 0, 1024)
	s.Take(out, request)
	if n := testing.AllocsPerRun(100, func() { s.Take(out, request) }); n != 0 {
		t.Errorf("%v allocations per GET VAR", n)
	}
}

func FuzzSession(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.txt")
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		var in []byte
		for line := range strings.Lines(string(text)) {
			if request, ok := strings.CutPrefix(line, "> "); ok {
				in = append(in, request...)
			}
		}
		f.Add(in, 3)
	}
	f.Add([]byte("\xffVER\nGET DESC ups \xc3\xa4\x7f\nPASSWORD \xff\n"), 2)
	f.Add([]byte("\x00\xff\"\\\nGET VAR \"ups\" ups.\\status\n"), 1)
	f.Fuzz(func(t *testing.T, in []byte, size int) {
		whole := NewSession(testHost(), "addr")
		pieces := NewSession(testHost(), "addr")
		defer whole.Close()
		defer pieces.Close()
		a, openA := drain(whole, in, len(in)+1)
		b, openB := drain(pieces, in, 1+max(0, size)%100)
		if len(in) == 0 {
			return
		}
		if !bytes.Equal(a, b) || openA != openB {
			t.Fatalf("%q: whole %q %v, in pieces %q %v", in, a, openA, b, openB)
		}
		if len(a) > 0 && a[len(a)-1] != '\n' {
			t.Fatalf("answer without line end: %q", a)
		}
		for _, c := range a {
			if c != '\n' && (c < ' ' || c > '~') {
				t.Fatalf("byte %#x in the answer %q", c, a)
			}
		}
	})
}

// TestPasswords: no byte of a password is left out of the comparison, whichever the client can send.
func TestPasswords(t *testing.T) {
	tests := []struct {
		password, sent string
		ok             bool
	}{
		{"password", "password", true},
		{"password", "pass\xffword", false},
		{"password", "password\x7f", false},
		{"pässwörd", "pässwörd", true},
		{"pässwörd", `"pässwörd"`, true},
		{"pässwörd", "psswrd", false},
		{"pässwörd", "p\xe4ssw\xf6rd", false},
		{"密码", "密码", true},
		{"密码", "码密", false},
	}
	for _, tt := range tests {
		host := testHost()
		host.Users = NewUsers([]User{{Name: "jörg", Password: tt.password, Monitor: true}})
		s := NewSession(host, "addr")
		reply, _ := drain(s, []byte("USERNAME jörg\nPASSWORD "+tt.sent+"\nLOGIN ups\n"), 100)
		s.Close()
		if ok := string(reply) == "OK\nOK\nOK\n"; ok != tt.ok {
			t.Errorf("%q sent as %q: %q", tt.password, tt.sent, reply)
		}
	}
}
