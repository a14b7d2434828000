package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/upscard/upscard/services/ca"
	"github.com/upscard/upscard/services/driversock"
	"github.com/upscard/upscard/services/feeds"
	"github.com/upscard/upscard/services/reach"
	"github.com/upscard/upscard/services/ups"
)

// patience is how long a test waits for what must happen, however slow the machine.
const patience = 30 * time.Second

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func until(t testing.TB, what string, is func() bool) {
	t.Helper()
	for begun := time.Now(); !is(); time.Sleep(time.Millisecond) {
		if time.Since(begun) > patience {
			t.Fatal("never: ", what)
		}
	}
}

// logBuffer is a log that is read while it is written.
type logBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// find waits for a line that matches and returns its first group.
func (l *logBuffer) find(t testing.TB, pattern string) (found string) {
	t.Helper()
	re := regexp.MustCompile(pattern)
	until(t, pattern+" in the log", func() bool {
		m := re.FindStringSubmatch(l.String())
		if m != nil {
			found = m[1]
		}
		return m != nil
	})
	return found
}

// card is a tlsshim that runs in this process until the test ends, with files of its own.
type card struct {
	t    *testing.T
	dir  string // of the configuration, the sockets, and upsd's state
	addr string
	log  logBuffer
	stop func() int // returns the exit code
}

// place makes the files of a card.
func place(t *testing.T, config string) *card {
	t.Helper()
	dir, err := os.MkdirTemp("", "shim") // a short one, as paths of sockets must be
	must(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	must(t, os.WriteFile(filepath.Join(dir, "upscard.toml"), []byte(config), 0o600))
	must(t, os.Mkdir(filepath.Join(dir, "nut"), 0o700))
	return &card{t: t, dir: dir}
}

// start starts the tlsshim.
func (c *card) start(args ...string) {
	c.t.Helper()
	c.log = logBuffer{}
	ctx, cancel := context.WithCancel(context.Background())
	code := make(chan int, 1)
	args = append([]string{"-config", filepath.Join(c.dir, "upscard.toml"), "-run", c.dir, "-feed-uid", "0", "-listen", "127.0.0.1:0"}, args...)
	go func() { code <- run(ctx, args, &c.log, func(string) error { return nil }) }()
	c.stop = sync.OnceValue(func() int {
		cancel()
		select {
		case code := <-code:
			return code
		case <-time.After(patience):
			return -1
		}
	})
	c.t.Cleanup(func() {
		if code := c.stop(); code != 0 {
			c.t.Errorf("exit code %d\n%s", code, &c.log)
		}
	})
	c.addr = c.log.find(c.t, `msg=listening addr=(\S+)`)
}

// buildUpsd makes our upsd, once.
var buildUpsd = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "upsd")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "upsd")
	build := exec.Command("go", "build", "-o", path, "../upsd")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return path, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if path, err := buildUpsd(); err == nil {
		os.RemoveAll(filepath.Dir(path))
	}
	os.Exit(code)
}

// upsd runs our upsd for the card, with a UPS that is OL, until stop is called or the test ends.
func (c *card) upsd() (stop func()) {
	c.t.Helper()
	path, err := buildUpsd()
	must(c.t, err)
	log := new(logBuffer)
	cmd := exec.Command(path, "-config", filepath.Join(c.dir, "upscard.toml"), "-run", c.dir, "-state", filepath.Join(c.dir, "state"), "-listen", "127.0.0.1:0")
	cmd.Stderr = log
	must(c.t, cmd.Start())
	stop = sync.OnceFunc(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	c.t.Cleanup(stop)
	log.find(c.t, `(msg=state ups=ups status=OL)`)
	return stop
}

// driver serves a UPS that is OL until the test ends.
func (c *card) driver() {
	c.t.Helper()
	ln, err := driversock.Listen(driversock.Path(c.dir, "usbhid-ups", "ups"))
	must(c.t, err)
	store := ups.NewStore()
	store.Set(ups.NewSnapshot(map[string]ups.Var{"ups.status": {Value: "OL"}}, nil, ups.Fresh, time.Now()))
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		done <- driversock.Serve(ctx, ln, store, nil, driversock.ServeOptions{Logger: slog.New(slog.DiscardHandler)})
	}()
	c.t.Cleanup(func() { cancel(); must(c.t, <-done) })
}

// authority is the card's own.
func (c *card) authority() (own *ca.Authority) {
	c.t.Helper()
	until(c.t, "the authority", func() bool {
		text, err := os.ReadFile(filepath.Join(c.dir, "state", "ca"))
		if err == nil {
			own, err = ca.Parse(text)
		}
		return err == nil
	})
	return own
}

func (c *card) trusting() *tls.Config {
	pool := x509.NewCertPool()
	pool.AddCert(c.authority().Cert)
	return &tls.Config{RootCAs: pool, ServerName: "127.0.0.1"}
}

// ask returns the answers to requests up to a LOGOUT of its own.
func (c *card) ask(config *tls.Config, requests string) (string, error) {
	c.t.Helper()
	conn, err := tls.Dial("tcp", c.addr, config)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	must(c.t, conn.SetDeadline(time.Now().Add(patience)))
	if _, err := io.WriteString(conn, requests+"LOGOUT\n"); err != nil {
		return "", err
	}
	all, err := io.ReadAll(conn)
	return strings.TrimSuffix(string(all), "OK Goodbye\n"), err
}

const configured = "[tlsshim]\nenabled = true\n[users.mon]\npassword = 'secret'\nupsmon = 'primary'\n[users.second]\npassword = 'secret'\nupsmon = 'secondary'\n"

// TestWithUpsd: in front of our own upsd clients know the card by its authority, and upsd knows them. It may come and go.
func TestWithUpsd(t *testing.T) {
	c := place(t, configured)
	c.driver()
	c.start()
	early, err := net.Dial("tcp", c.addr)
	must(t, err)
	defer early.Close()
	_, err = io.WriteString(early, "STARTTLS\n")
	must(t, err)
	if all, _ := io.ReadAll(early); len(all) > 0 {
		t.Errorf("without upsd it is answered %q", all)
	}
	c.log.find(t, `"(clients sent away: there is no certificate)"`)
	stop := c.upsd()
	until(t, "it has a certificate", func() bool { _, err := c.ask(&tls.Config{InsecureSkipVerify: true}, ""); return err == nil })
	const requests = "USERNAME mon\nPASSWORD secret\nATTACH ups\nPRIMARY ups\nGET NUMATTACH ups\nLIST CLIENT ups\nSTARTTLS\nGET VAR ups ups.status\nPROTVER\n"
	const want = "OK\nOK\nOK\nOK PRIMARY-GRANTED\nNUMATTACH ups 1\nBEGIN LIST CLIENT ups\nCLIENT ups 127.0.0.1\nEND LIST CLIENT ups\nERR ALREADY-SSL-MODE\nVAR ups ups.status \"OL\"\n1.3\n"
	if got, err := c.ask(c.trusting(), requests); got != want || err != nil {
		t.Errorf("got %v\n%s", err, got)
	}
	if got, err := c.ask(c.trusting(), "VER\n"); strings.Count(got, "\n") != 1 || !strings.HasPrefix(got, "Network UPS Tools upsd ") || err != nil {
		t.Errorf("VER: %q, %v", got, err)
	}
	name, err := os.Hostname()
	must(t, err)
	for host, knows := range map[string]bool{name: true, "127.0.0.1": true, "127.0.0.2": false, "bank.example": false} {
		config := c.trusting()
		config.ServerName = host
		if _, err := c.ask(config, "VER\n"); (err == nil) != knows {
			t.Errorf("as %s: %v", host, err)
		}
	}
	if _, err := c.ask(&tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS12}, "VER\n"); err == nil {
		t.Error("TLS 1.2 will do")
	}
	roots := c.trusting()
	stop()
	if got, _ := c.ask(roots, "NETVER\n"); got != "" {
		t.Errorf("without upsd: %q", got)
	}
	c.log.find(t, `"(clients dropped: the server is not to be reached)"`)
	c.upsd()
	if got, err := c.ask(roots, "NETVER\n"); got != "1.3\n" || err != nil {
		t.Errorf("with another upsd: %q, %v", got, err)
	}
	told := feeds.New(reach.Dir(c.dir, "tlsshim"), driversock.Trust{}, slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { told.Run(ctx); close(done) }()
	defer func() { cancel(); <-done }()
	open := func() string { return fmt.Sprint(reach.Listening(told)) }
	until(t, "it tells where it listens", func() bool { return open() == "map[:["+c.addr+"]]" })
	if code := c.stop(); code != 0 {
		t.Error("exit code", code)
	}
	until(t, "it listens no more", func() bool { return open() == "map[]" })
}

// TestClientCertificates: the certificate of a user makes one that user, whether the card's own authority has signed it or another; with "require" nobody comes in without.
func TestClientCertificates(t *testing.T) {
	other, err := ca.New(ca.Dates{Now: time.Now()})
	must(t, err)
	for name, test := range map[string]struct {
		tls string
		by  *ca.Authority // nil: the card's own
	}{
		"own":      {"starttls = 'off'\ncertrequest = 'request'\n", nil},
		"clientca": {"starttls = 'required'\ncertrequest = 'require'\nclientca = '''\n" + string(ca.CertPEM(other.Cert)) + "'''\n", other},
	} {
		t.Run(name, func(t *testing.T) {
			c := place(t, "[tlsshim]\nenabled = true\nminimum = '1.2'\n[tls]\n"+test.tls+"[users.pc]\ncert = 'pc'\nupsmon = 'secondary'\n")
			c.driver()
			c.upsd()
			c.start()
			_, _ = c.ask(&tls.Config{InsecureSkipVerify: true}, "") // makes the authority
			by := test.by
			if by == nil {
				by = c.authority()
			}
			show := func(name string) *tls.Config {
				cert, err := by.Client(name, ca.Dates{Now: time.Now()})
				must(t, err)
				config := c.trusting()
				config.Certificates = []tls.Certificate{*cert}
				return config
			}
			const requests = "USERNAME pc\nPASSWORD any\nLOGIN ups\n"
			if got, err := c.ask(show("pc"), requests); got != "OK\nOK\nOK\n" || err != nil {
				t.Errorf("as pc: %q, %v", got, err)
			}
			if got, err := c.ask(show("nas"), requests); got != "OK\nOK\nERR ACCESS-DENIED\n" || err != nil {
				t.Errorf("as nas: %q, %v", got, err)
			}
			got, err := c.ask(c.trusting(), requests)
			if test.by == nil && (got != "OK\nOK\nERR ACCESS-DENIED\n" || err != nil) || test.by != nil && (got != "" || err == nil) {
				t.Errorf("without one: %q, %v", got, err)
			}
			old := show("pc")
			old.MaxVersion = tls.VersionTLS12
			if got, err := c.ask(old, requests); got != "OK\nOK\nOK\n" || err != nil {
				t.Errorf("by TLS 1.2: %q, %v", got, err)
			}
		})
	}
}

// TestOff: unless the configuration wants it, it ends in a way that init knows.
func TestOff(t *testing.T) {
	c := place(t, "")
	for _, args := range [][]string{{"-config", filepath.Join(c.dir, "upscard.toml")}, {"-config", filepath.Join(c.dir, "none")}} {
		if code := run(t.Context(), args, &c.log, func(string) error { return nil }); code != exitOff {
			t.Errorf("%v: exit code %d\n%s", args, code, &c.log)
		}
	}
	for args, want := range map[string]int{"-h": 0, "stray": 2, "-certificate missing -listen 127.0.0.1:0": 1} {
		if code := run(t.Context(), strings.Fields(args), &c.log, func(string) error { return nil }); code != want {
			t.Errorf("%s: exit code %d, want %d\n%s", args, code, want, &c.log)
		}
	}
}
