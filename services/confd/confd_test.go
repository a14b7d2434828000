package confd

import (
	"bytes"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/upscard/upscard/services/ca"
	"github.com/upscard/upscard/services/config"
	"github.com/upscard/upscard/services/handover"
)

// memory keeps the last good file as long as the test runs.
type memory struct {
	data  []byte
	saves int
	err   error // of Load
}

var _ Keeper = (*memory)(nil)

func (m *memory) Load() ([]byte, error) { return m.data, m.err }

func (m *memory) Save(data []byte) error {
	m.data, m.saves = bytes.Clone(data), m.saves+1
	return nil
}

// pipe is init's ear.
type pipe struct {
	bytes.Buffer
	closed bool
}

func (p *pipe) Close() error { p.closed = true; return nil }

const secret = "hunter2"

const (
	goodFile = "[network]\nhostname = 'good'\n[ups.rack]\ndesc = 'd'\nserial = '1'\n[users.m]\npassword = '" + secret + "'\n"
	newFile  = "listen = ['10.0.0.1:3500']\n[network]\nhostname = 'new'\n"
	badFile  = "[network]\nhostname = 'bad'\nx = 1\n[ups.rack]\nserial = 2\n"
)

// wrongTLS is good as far as services/config looks: what is in the PEM is none of its business.
const (
	wrongTLS = "[tls]\nstarttls = 'on'\ncertificate = '''-----BEGIN CERTIFICATE-----\nYQ==\n-----END CERTIFICATE-----'''\n" +
		"key = '''-----BEGIN PRIVATE KEY-----\nYQ==\n-----END PRIVATE KEY-----'''\n"
	wrongTLSError = "upscard.toml: [tls]: certificate, key: x509: malformed certificate"
)

func TestRun(t *testing.T) {
	const wrong = "upscard.toml:3:1: unknown key \"x\" in [network]\nupscard.toml:5:10: serial: want text in quotes, got a whole number"
	tests := []struct {
		name       string
		owner      string // "-": no file; "--": no directory
		good       string
		want       handover.Settings
		saves      int
		errorsFile string
	}{
		{"no file", "-", "", handover.Default(), 0, ""},
		{"a new file", newFile, "", handover.Settings{Source: handover.Owner, Hostname: "new", Port: 3500}, 1, ""},
		{"another file", newFile, goodFile, handover.Settings{Source: handover.Owner, Hostname: "new", Port: 3500}, 1, ""},
		{"the same file", goodFile, goodFile, handover.Settings{Source: handover.Owner, Hostname: "good", Port: 3493}, 0, ""},
		{"wrong", badFile, goodFile, handover.Settings{Source: handover.LastGood, Hostname: "good", Port: 3493, Wrong: strings.Split(wrong, "\n")}, 0, wrong},
		{"wrong, and there is no other", badFile, "", handover.Settings{Source: handover.Defaults, Hostname: "upscard", Port: 3493, Wrong: strings.Split(wrong, "\n")}, 0, wrong},
		{"wrong, and the last good one is good no more", badFile, "y = 1",
			handover.Settings{Source: handover.Defaults, Hostname: "upscard", Port: 3493, Wrong: strings.Split(wrong, "\n")}, 0, wrong},
		{"a key that is none", wrongTLS, goodFile, handover.Settings{Source: handover.LastGood, Hostname: "good", Port: 3493,
			Wrong: []string{wrongTLSError}}, 0, wrongTLSError},
		{"the partition is not there", "--", goodFile, handover.Settings{Source: handover.LastGood, Hostname: "good", Port: 3493,
			Wrong: []string{"stat boot: no such file or directory"}}, 0, "stat boot: no such file or directory"},
		{"the file was taken away", "-", goodFile, handover.Settings{Source: handover.Owner, Hostname: "upscard", Port: 3493}, 1, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			file := "upscard.toml"
			switch test.owner {
			case "-":
			case "--":
				file = "boot/upscard.toml"
			default:
				check(t, os.WriteFile(file, []byte(test.owner), 0o600))
			}
			m, p := &memory{}, &pipe{}
			if test.good != "" {
				m.data = []byte(test.good)
			}
			for range 2 { // a second run must find nothing in its way
				p.Reset()
				check(t, Run(Options{File: file, Run: "run", Keeper: m, Init: p, Logger: slog.New(slog.DiscardHandler)}))
			}
			got, err := handover.Parse(p.Bytes())
			if test.want.Source == handover.Defaults && test.want.Wrong == nil {
				test.want.Source = handover.Owner // who decided nothing
			}
			if err != nil || !p.closed || !reflect.DeepEqual(got, test.want) {
				t.Errorf("init was told %+v, %v, want %+v", got, err, test.want)
			}
			text, _ := os.ReadFile("run/confd/errors")
			if strings.TrimSuffix(string(text), "\n") != test.errorsFile || m.saves != test.saves {
				t.Errorf("errors %q, %d saves", text, m.saves)
			}
		})
	}
}

// A certificate that has expired is told of, and in force.
func TestExpiredIsTold(t *testing.T) {
	t.Chdir(t.TempDir())
	born := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	own, err := ca.New(ca.Dates{Build: born, Now: born})
	check(t, err)
	text := "[tls]\nstarttls = 'on'\ncertrequest = 'request'\nclientca = '''" + string(ca.CertPEM(own.Cert)) + "'''\n"
	check(t, os.WriteFile("upscard.toml", []byte(text), 0o600))
	var log bytes.Buffer
	p := &pipe{}
	check(t, Run(Options{File: "upscard.toml", Run: "run", Init: p, Logger: slog.New(slog.NewTextHandler(&log, nil))}))
	if got, err := handover.Parse(p.Bytes()); err != nil || got.Source != handover.Owner || got.Wrong != nil {
		t.Errorf("init was told %+v, %v", got, err)
	}
	if want := "level=WARN msg=\"[tls]: clientca: "; !strings.Contains(log.String(), want) || !strings.Contains(log.String(), "has expired, on "+own.Cert.NotAfter.Format(time.DateOnly)) {
		t.Errorf("the log is\n%s", &log)
	}
}

// Each program gets what concerns it, as services/config reads it, and no password but upsd.
func TestParts(t *testing.T) {
	t.Chdir(t.TempDir())
	check(t, os.WriteFile("upscard.toml", []byte(goodFile), 0o600))
	gid := os.Getgid()
	check(t, Run(Options{File: "upscard.toml", Run: "run", Groups: map[string]int{"upsd": gid}, Logger: slog.New(slog.DiscardHandler)}))
	want := map[string]func(c *config.Config) bool{
		"netd": func(c *config.Config) bool { return c.Network.Hostname == "good" && c.UPS == nil },
		"upsd": func(c *config.Config) bool {
			return c.Users[0].Password == secret && reflect.DeepEqual(c.UPS, []config.UPS{{Name: "rack", Desc: "d"}})
		},
		"usbhid-ups": func(c *config.Config) bool { return c.UPS[0].Serial == "1" && c.Network.Hostname == "" },
	}
	for program, ok := range want {
		path := filepath.Join(Dir("run"), handover.Owner.File(program))
		c, err := config.Load(path)
		check(t, err)
		data, err := os.ReadFile(path)
		check(t, err)
		if !ok(c) || strings.Contains(string(data), secret) != (program == "upsd") {
			t.Errorf("%s is told\n%s", program, data)
		}
		info, err := os.Stat(path)
		check(t, err)
		mode := os.FileMode(0o600)
		if program == "upsd" {
			mode = 0o640
		}
		if info.Mode() != mode {
			t.Errorf("%s: mode %v, want %v", path, info.Mode(), mode)
		}
	}
}

// A file that ends confd, or holds it up, finds the last good one in force.
func TestLastGoodIsInForceFirst(t *testing.T) {
	t.Chdir(t.TempDir())
	check(t, os.WriteFile("upscard.toml", []byte(newFile), 0o600))
	p := &firstWrite{}
	err := Run(Options{File: "upscard.toml", Run: "run", Keeper: &memory{data: []byte(goodFile)}, Init: p, Logger: slog.New(slog.DiscardHandler)})
	got, parseErr := handover.Parse(p.Bytes())
	if err == nil || parseErr != nil || got.Source != handover.LastGood || got.Hostname != "good" || len(got.Wrong) != 1 {
		t.Errorf("init was told %+v, %v, %v", got, parseErr, err)
	}
	if _, err := os.Stat(filepath.Join(Dir("run"), handover.LastGood.File("upsd"))); err != nil {
		t.Error(err)
	}
}

// firstWrite takes one write, and then no more, like a pipe to an init that has lost patience.
type firstWrite struct{ pipe }

func (f *firstWrite) Write(b []byte) (int, error) {
	if f.Len() > 0 {
		return 0, errors.New("broken pipe")
	}
	return f.pipe.Write(b)
}

func TestPort(t *testing.T) {
	for want, listen := range map[uint16][]string{
		3493: {":3493"}, 1: {"127.0.0.1:9", "[::1]:9", "localhost:9", "0.0.0.0:1"}, 2: {"[fe80::1%eth0]:2", ":3"}, 0: {"localhost:1"},
	} {
		if got := port(listen); got != want {
			t.Errorf("%v: got %d, want %d", listen, got, want)
		}
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
