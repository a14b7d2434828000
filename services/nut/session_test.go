package nut

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
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
		"ups.delay.start":   {Value: "30", Flags: ups.RW | ups.Number},
		"battery.date":      {Value: "2024", Flags: ups.RW | ups.String}, // of a driver that errs: no length
	}
	commands := []string{"test.battery.start", "beeper.mute"}
	read := time.Date(2025, 1, 2, 3, 4, 5, 0, time.UTC)
	first := registry.Add("ups", `The "first" one`)
	first.Store().Set(ups.NewSnapshot(fresh, commands, ups.Fresh, read))
	first.DrivenBy(&scriptedDriver{})
	registry.Add("undriven", "").Store().Set(ups.NewSnapshot(fresh, commands, ups.Fresh, read))
	registry.Add("stale", "").Store().Set(ups.NewSnapshot(fresh, commands, ups.Stale, read))
	registry.Add("never", "")
	gone := registry.Add("gone", "")
	gone.DriverCame()
	gone.Store().Set(ups.NewSnapshot(nil, nil, ups.Absent, read))
	forced := registry.Add("forced", "")
	forced.Store().Set(ups.NewSnapshot(fresh, commands, ups.Fresh, read))
	forced.DrivenBy(&scriptedDriver{})
	return &Host{
		Registry: registry,
		Users: NewUsers([]User{
			{Name: "mon", Password: "sec ret", Monitor: true},
			{Name: "web", Password: "secret"},
			{Name: "open", Password: "", Monitor: true},
			{Name: "op", Password: "op secret", Set: true, Commands: []string{"Beeper.Mute"}},
			{Name: "all", Password: "all secret", AnyCommand: true},
			{Name: "pri", Password: "primary secret", Primary: true},
			{Name: "card", Password: "card secret", Primary: true, FSD: true, Set: true},
			{Name: "fsd", Password: "fsd secret", FSD: true},
		}),
		Version: "1.2.3",
		Logger:  slog.New(slog.DiscardHandler),
		nextID:  counted("1bd31808-cb49-4aec-9d75-d056e6f0"),
	}
}

// counted returns a function that ends a prefix with four digits, another number each time.
func counted(prefix string) func() string {
	var n atomic.Int64
	return func() string { return fmt.Sprintf("%s%04d", prefix, n.Add(1)) }
}

// scripted is the result that an order's value asks for.
func scripted(value string) ups.Result {
	switch value {
	case "unknown":
		return ups.Unknown
	case "invalid":
		return ups.Invalid
	case "failed":
		return ups.Failed
	case "conversion":
		return ups.ConversionFailed
	}
	return ups.Handled
}

// scriptedDriver carries out what it is asked at once, but for what is to be pending or lost.
type scriptedDriver struct {
	mu    sync.Mutex
	given []ups.Order
}

var _ Driver = (*scriptedDriver)(nil)

func (d *scriptedDriver) Give(o ups.Order, done func(ups.Result)) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if o.Value == "lost" {
		return errors.New("the driver reads nothing")
	}
	d.given = append(d.given, o)
	if o.Value != "pending" {
		done(scripted(o.Value))
	}
	return nil
}

// TestTranscripts plays the client's lines, which begin with "> ", of each file in testdata, and in testdata/ours of what NUT does not
// have. "> " may be followed by \r, \0 and the like as in a Go string.
func TestTranscripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	ours, err2 := filepath.Glob("testdata/ours/*.txt")
	if err != nil || err2 != nil || len(files) == 0 || len(ours) == 0 {
		t.Fatal("no transcripts", err, err2)
	}
	files = append(files, ours...)
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
	var ids orderIDs
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
		reply, _, open := s.Take(nil, []byte(ids.insert(unescape(request))))
		out.WriteString(ids.hide(string(reply)))
		if !open {
			out.WriteString("# closed\n")
			break
		}
	}
	return out.String()
}

// orderIDs lets a script ask for the last tracked order of its session: $ID stands for the identifier.
type orderIDs struct{ last string }

var okTracking = regexp.MustCompile(`(?im)^OK TRACKING ([0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12})$`)

func (i *orderIDs) insert(request string) string { return strings.ReplaceAll(request, "$ID", i.last) }

func (i *orderIDs) hide(reply string) string {
	m := okTracking.FindStringSubmatch(reply)
	if m == nil {
		return reply
	}
	i.last = m[1]
	return strings.ReplaceAll(reply, m[1], "$ID")
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
	memory := new(taking)
	s.take(memory, out, request)
	if n := testing.AllocsPerRun(100, func() { s.take(memory, out, request) }); n != 0 {
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
