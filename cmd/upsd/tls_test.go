package main

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/upscard/upscard/services/ca"
	"github.com/upscard/upscard/services/config"
)

const tlsOn = "[tls]\nstarttls = 'on'\n"

// secure goes on over TLS.
func (c *client) secure(config *tls.Config) error {
	c.t.Helper()
	c.say("STARTTLS\n")
	c.expect("OK STARTTLS\n")
	conn := tls.Client(c.conn, config)
	if err := conn.Handshake(); err != nil {
		return err
	}
	c.conn, c.in = conn, bufio.NewReader(conn)
	return nil
}

// readAuthority reads the card's from its state.
func readAuthority(t *testing.T, state string) (a *ca.Authority) {
	t.Helper()
	until(t, "the authority is kept", func() bool {
		text, err := os.ReadFile(filepath.Join(state, caFile))
		if err == nil {
			a, err = ca.Parse(text)
		}
		return err == nil
	})
	return a
}

func trusting(a *ca.Authority) *tls.Config {
	pool := x509.NewCertPool()
	pool.AddCert(a.Cert)
	return &tls.Config{RootCAs: pool, ServerName: "127.0.0.1"}
}

// TestAuthoritySurvives: a client that was given the card's authority knows it after a restart, and nobody else on the card can read it.
func TestAuthoritySurvives(t *testing.T) {
	state := filepath.Join(t.TempDir(), "upsd")
	u := start(t, tlsOn, "-state", state)
	own := readAuthority(t, state)
	info, err := os.Stat(filepath.Join(state, caFile))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Error(info.Mode(), err)
	}
	if got := u.log.find(t, `authority=(\S+)`); got != ca.Fingerprint(own.Cert) {
		t.Error("the log has", got)
	}
	check := func(u *upsd) {
		t.Helper()
		c := u.dial()
		if err := c.secure(trusting(own)); err != nil {
			t.Fatal(err)
		}
		c.say("NETVER\n")
		c.expect("1.3\n")
	}
	check(u)
	u.end()
	check(start(t, tlsOn, "-state", state))

	off := start(t, "", "-state", filepath.Join(t.TempDir(), "none"))
	c := off.dial()
	c.say("STARTTLS\n")
	c.expect("ERR FEATURE-NOT-CONFIGURED\n")
}

// TestAuthorityDamaged: who does not check the certificate is served whatever becomes of the file.
func TestAuthorityDamaged(t *testing.T) {
	state := t.TempDir()
	if err := os.WriteFile(filepath.Join(state, caFile), []byte("x\n# sha256 0\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{state, filepath.Join(state, "no", "such")} {
		u := start(t, tlsOn, "-state", dir)
		u.log.find(t, "(level=ERROR)")
		if err := u.dial().secure(&tls.Config{InsecureSkipVerify: true}); err != nil {
			t.Error(err)
		}
	}
	readAuthority(t, state) // a new one
}

// TestReloadTLS: TLS comes and goes at SIGHUP; who has it keeps it.
func TestReloadTLS(t *testing.T) {
	state := filepath.Join(t.TempDir(), "upsd")
	u := start(t, "", "-state", state)
	u.driver("usbhid-ups", "ups", storeOf("OL"))
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(u.run, "upscard.toml"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := syscall.Kill(os.Getpid(), syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
	}
	write("[tls]\nstarttls = 'required'\ncertrequest = 'request'\n[users.pc]\ncert = 'pc'\nupsmon = 'secondary'\n")
	u.expect("LIST UPS", "ERR ACCESS-DENIED\n")
	own := readAuthority(t, state)
	cert, err := own.Client("pc", dates())
	if err != nil {
		t.Fatal(err)
	}
	config := trusting(own)
	config.Certificates = []tls.Certificate{*cert}
	c := u.dial()
	if err := c.secure(config); err != nil {
		t.Fatal(err)
	}
	c.say("USERNAME pc\nPASSWORD any\nLOGIN ups\n")
	c.expect("OK\nOK\nOK\n")
	write("[tls]\nstarttls = 'on'\ncertificate = '''" + string(ca.CertPEM(cert.Leaf)) + "'''\nkey = '''" + string(ca.KeyPEM(cert)) + "'''\n")
	u.log.find(t, "(authority=\"not the card's\"|authority=\\S+)")
	u.expect("GET NUMLOGINS ups", "NUMLOGINS ups 1\n")
	d := u.dial()
	if err := d.secure(&tls.Config{InsecureSkipVerify: true}); err != nil {
		t.Fatal(err)
	}
	if got := d.conn.(*tls.Conn).ConnectionState().PeerCertificates[0]; !got.Equal(cert.Leaf) {
		t.Error("it shows", got.Subject)
	}
	write("[tls]\nstarttls = 'on'\ncertificate = '''" + string(ca.CertPEM(own.Cert)) + "'''\nkey = '''" + string(ca.KeyPEM(cert)) + "'''\n")
	u.log.find(t, "(configuration not read again)")
	write("")
	u.expect("STARTTLS", "ERR FEATURE-NOT-CONFIGURED\n")
	c.say("NETVER\nLOGOUT\n")
	c.expect("1.3\nOK Goodbye\n")
	if _, err := c.in.ReadByte(); err != io.EOF {
		t.Error(err)
	}
	if strings.Contains(u.log.String(), "PRIVATE") {
		t.Error("a key in the log")
	}
}

// TestSuppliedAges: what somebody else has certified is watched, each thing is said once, and again after a reload.
func TestSuppliedAges(t *testing.T) {
	born := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	own, err := ca.New(ca.Dates{Build: born, Now: born})
	if err != nil {
		t.Fatal(err)
	}
	cert, err := own.Server(ca.Names{Hosts: []string{"card"}}, ca.Dates{Build: born, Now: born})
	if err != nil {
		t.Fatal(err)
	}
	var log logBuffer
	s := newSecurity("", slog.New(slog.NewTextHandler(&log, nil)))
	supplied := config.TLS{StartTLS: config.TLSOn, Certificate: string(ca.CertPEM(cert.Leaf)), Key: string(ca.KeyPEM(cert))}
	if _, err := s.of(supplied); err != nil {
		t.Fatal(err)
	}
	said := func(now time.Time, behind bool, want string) {
		t.Helper()
		before := len(log.String())
		s.watch(ca.Dates{Now: now}, behind)
		got := log.String()[before:]
		if want == "" && got != "" || !strings.Contains(got, want) || strings.Count(got, "\n") > 1 {
			t.Errorf("%v: %q, want %q", now, got, want)
		}
	}
	const day = 24 * time.Hour
	end := cert.Leaf.NotAfter
	s.warned = nil // by today's date
	said(born.Add(-day), true, "")
	said(born.Add(-day), false, "valid from 2026-01-01")
	said(born, false, "")
	said(end.Add(-31*day), false, "")
	said(end.Add(-29*day), false, "expires on "+end.Format(time.DateOnly))
	said(end.Add(-29*day), false, "")
	said(end.Add(-28*day), false, "")
	said(end.Add(day), false, "has expired, on "+end.Format(time.DateOnly))
	said(end.Add(day), true, "")
	if _, err := s.of(supplied); err != nil {
		t.Fatal(err)
	}
	said(end.Add(day), false, "has expired")
	if _, err := s.of(config.TLS{StartTLS: config.TLSOn}); err != nil {
		t.Fatal(err)
	}
	said(end.Add(day), false, "") // the card's own
	if _, err := s.of(config.TLS{}); err != nil {
		t.Fatal(err)
	}
	said(end.Add(day), false, "")
}

// TestExpiredServes: a certificate that has expired is told of, and shown.
func TestExpiredServes(t *testing.T) {
	born := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	own, err := ca.New(ca.Dates{Build: born, Now: born})
	if err != nil {
		t.Fatal(err)
	}
	cert, err := own.Server(ca.Names{Hosts: []string{"card"}}, ca.Dates{Build: born, Now: born})
	if err != nil {
		t.Fatal(err)
	}
	u := start(t, tlsOn+"certificate = '''"+string(ca.CertPEM(cert.Leaf))+"'''\nkey = '''"+string(ca.KeyPEM(cert))+"'''\n")
	u.log.find(t, `level=WARN msg="TLS: certificate: (.*) has expired, on 20\d\d-`)
	c := u.dial()
	if err := c.secure(&tls.Config{InsecureSkipVerify: true}); err != nil {
		t.Fatal(err)
	}
}

func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for begin := time.Now(); !ok(); time.Sleep(time.Millisecond) {
		if time.Since(begin) > patience {
			t.Fatal("not to be seen: ", what)
		}
	}
}
