package nut

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log/slog"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/upscard/upscard/services/ca"
	"github.com/upscard/upscard/services/tlsconf"
)

var certDates = ca.Dates{Build: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), Now: time.Now()}

// tlsBench is a server with a certificate of its own authority.
type tlsBench struct {
	t     *testing.T
	host  *Host
	ca    *ca.Authority
	roots *x509.CertPool
	addr  string
	log   bytes.Buffer
	stop  func()
}

func newTLSBench(t *testing.T, change func(*Security)) *tlsBench {
	t.Helper()
	b := &tlsBench{t: t, host: testHost(), roots: x509.NewCertPool()}
	var err error
	if b.ca, err = ca.New(certDates); err != nil {
		t.Fatal(err)
	}
	b.roots.AddCert(b.ca.Cert)
	b.host.Logger = slog.New(slog.NewTextHandler(&b.log, nil))
	b.host.Secure(b.security(change))
	ln, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- NewServer(b.host, Limits{}).Serve(ctx, ln) }()
	ended := false
	b.stop = func() {
		if ended {
			return
		}
		ended = true
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(b.stop)
	b.addr = ln.Addr().String()
	return b
}

func (b *tlsBench) security(change func(*Security)) Security {
	keyring, err := ca.NewKeyring(b.ca, nil, func() string { return "card" }, func() ca.Dates { return certDates })
	if err != nil {
		b.t.Fatal(err)
	}
	s := Security{Config: tlsconf.Server()}
	s.Config.GetCertificate = keyring.Certificate
	s.Config.ClientCAs = b.roots
	if change != nil {
		change(&s)
	}
	return s
}

// line is one end of a client's connection, in the clear or over TLS.
type lineConn struct {
	t    *testing.T
	conn net.Conn
	in   *bufio.Reader
}

func newLine(t *testing.T, conn net.Conn) *lineConn {
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(30 * time.Second))
	return &lineConn{t, conn, bufio.NewReader(conn)}
}

func (b *tlsBench) dial() *lineConn {
	b.t.Helper()
	conn, err := net.Dial("tcp", b.addr)
	if err != nil {
		b.t.Fatal(err)
	}
	return newLine(b.t, conn)
}

func (c *lineConn) ask(request string) string {
	c.t.Helper()
	if _, err := io.WriteString(c.conn, request+"\n"); err != nil {
		c.t.Fatal(err)
	}
	answer, err := c.in.ReadString('\n')
	if err != nil {
		c.t.Fatalf("%s: %q, %v", request, answer, err)
	}
	return answer
}

// startTLS goes on over TLS.
func (c *lineConn) startTLS(config *tls.Config) (*lineConn, error) {
	c.t.Helper()
	if got := c.ask("STARTTLS"); got != "OK STARTTLS\n" {
		c.t.Fatal(got)
	}
	secured := tls.Client(c.conn, config)
	if err := secured.Handshake(); err != nil {
		return nil, err
	}
	return newLine(c.t, secured), nil
}

func (b *tlsBench) trusting(versions ...uint16) *tls.Config {
	c := &tls.Config{RootCAs: b.roots, ServerName: "127.0.0.1"}
	if len(versions) > 0 {
		c.MinVersion, c.MaxVersion = versions[0], versions[0]
	}
	return c
}

func (b *tlsBench) secure(config *tls.Config) *lineConn {
	b.t.Helper()
	c, err := b.dial().startTLS(config)
	if err != nil {
		b.t.Fatal(err)
	}
	return c
}

func TestStartTLS(t *testing.T) {
	b := newTLSBench(t, nil)
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		for _, name := range []string{"127.0.0.1", "card", "card.local"} {
			config := b.trusting(version)
			config.ServerName = name
			c := b.secure(config)
			if got := c.ask("STARTTLS"); got != "ERR ALREADY-SSL-MODE\n" {
				t.Error(got)
			}
			if got := c.ask("VER"); !strings.HasPrefix(got, "Network UPS Tools upsd ") {
				t.Error(got)
			}
			if got := c.ask("LOGOUT"); got != "OK Goodbye\n" {
				t.Error(got)
			}
			if _, err := c.in.ReadByte(); err != io.EOF {
				t.Error("no orderly end of TLS:", err)
			}
		}
	}
	b.stop()
	if strings.Contains(b.log.String(), "level=WARN") {
		t.Error(b.log.String())
	}
}

// TestOneRecord: a client that takes one read for a whole answer is served well over TLS too.
func TestOneRecord(t *testing.T) {
	b := newTLSBench(t, nil)
	c := b.secure(b.trusting())
	list := strings.Repeat("LIST VAR ups\n", 10) // some kilobytes
	for range 3 {
		if _, err := io.WriteString(c.conn, list); err != nil {
			t.Fatal(err)
		}
		answer := make([]byte, 16<<10)
		n, err := c.conn.Read(answer)
		if got := bytes.Count(answer[:n], []byte("END LIST VAR ups\n")); err != nil || got != 10 {
			t.Errorf("%d answers of 10 in the first record (%d bytes), %v", got, n, err)
		}
	}
}

func TestRefusedWhenOff(t *testing.T) {
	b := newTLSBench(t, func(s *Security) { *s = Security{} })
	c := b.dial()
	if got := c.ask("STARTTLS"); got != "ERR FEATURE-NOT-CONFIGURED\n" {
		t.Error(got)
	}
	if got := c.ask("GET VAR ups ups.status"); !strings.HasPrefix(got, "VAR ups ups.status") {
		t.Error("it does not go on in the clear:", got)
	}
	trusted := NewTrustedSession(newTLSBench(t, nil).host, "card")
	if got, _, _ := trusted.Take(nil, []byte("STARTTLS\n")); string(got) != "ERR FEATURE-NOT-CONFIGURED\n" {
		t.Errorf("%s on a unix socket", got)
	}
}

// TestInjected: what somebody on the way wrote behind STARTTLS is not taken for what the client said over TLS.
func TestInjected(t *testing.T) {
	b := newTLSBench(t, nil)
	for _, text := range []string{"STARTTLS\nUSERNAME mon\n", "STARTTLS\n\n", "STARTTLS\nx", "VER\nSTARTTLS\r\nFSD ups\n"} {
		c := b.dial()
		if _, err := io.WriteString(c.conn, text); err != nil {
			t.Fatal(err)
		}
		all, err := io.ReadAll(c.in)
		if !strings.HasSuffix(string(all), "OK STARTTLS\n") {
			t.Errorf("%q: %q, %v, want to be hung up on", text, all, err)
		}
	}
	// It may also come in a packet of its own, where a handshake is expected.
	c := b.dial()
	c.ask("STARTTLS")
	io.WriteString(c.conn, "USERNAME mon\nPASSWORD x\n")
	if all, _ := io.ReadAll(c.in); bytes.Contains(all, []byte("OK")) {
		t.Errorf("got %q", all)
	}
	b.stop()
	if n := strings.Count(b.log.String(), "TLS not begun"); n != 1 {
		t.Errorf("told %d times:\n%s", n, b.log.String())
	}
}

// TestForgotten: what was said in the clear does not count over TLS.
func TestForgotten(t *testing.T) {
	b := newTLSBench(t, nil)
	plain := b.dial()
	plain.ask("USERNAME pri")
	plain.ask(`PASSWORD "primary secret"`)
	if got := plain.ask("LOGIN ups"); got != "OK\n" {
		t.Fatal(got)
	}
	c, err := plain.startTLS(b.trusting())
	if err != nil {
		t.Fatal(err)
	}
	if got := c.ask("GET NUMLOGINS ups"); got != "NUMLOGINS ups 0\n" {
		t.Error(got)
	}
	if got := c.ask("LOGIN ups"); got != "ERR USERNAME-REQUIRED\n" {
		t.Error(got)
	}
	c.ask("USERNAME mon")
	c.ask(`PASSWORD "sec ret"`)
	if got := c.ask("LOGIN ups"); got != "OK\n" {
		t.Error(got)
	}
}

func TestRequired(t *testing.T) {
	b := newTLSBench(t, func(s *Security) { s.Required = true })
	c := b.dial()
	for request, want := range map[string]string{
		"GET VAR ups ups.status": "ERR ACCESS-DENIED\n", "LIST UPS": "ERR ACCESS-DENIED\n", "USERNAME mon": "ERR ACCESS-DENIED\n",
		"PASSWORD x": "ERR ACCESS-DENIED\n", "FSD ups": "ERR ACCESS-DENIED\n", "NETVER": "1.3\n", "NONSENSE": "ERR UNKNOWN-COMMAND\n",
	} {
		if got := c.ask(request); got != want {
			t.Errorf("%s: %q, want %q", request, got, want)
		}
	}
	secured, err := c.startTLS(b.trusting())
	if err != nil {
		t.Fatal(err)
	}
	if got := secured.ask("GET VAR ups ups.status"); !strings.HasPrefix(got, "VAR") {
		t.Error(got)
	}
	trusted := NewTrustedSession(b.host, "card")
	if got, _, _ := trusted.Take(nil, []byte("GET VAR ups ups.status\n")); !strings.HasPrefix(string(got), "VAR") {
		t.Errorf("%s on a unix socket", got)
	}
}

// TestEveryCommandKnowsTLS: nothing of a UPS is to be had in the clear but by what is named.
func TestEveryCommandKnowsTLS(t *testing.T) {
	b := newTLSBench(t, func(s *Security) { s.Required = true })
	for _, c := range commands {
		s := NewSession(b.host, "192.0.2.1")
		got, _, _ := s.Take(nil, []byte(c.name+"\n"))
		if denied := string(got) == "ERR ACCESS-DENIED\n"; denied == slices.Contains(always, c.name) {
			t.Errorf("%s: %q", c.name, got)
		}
	}
}

func TestWrongAuthority(t *testing.T) {
	b := newTLSBench(t, nil)
	other, err := ca.New(certDates)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(other.Cert)
	if _, err := b.dial().startTLS(&tls.Config{RootCAs: roots, ServerName: "127.0.0.1"}); err == nil {
		t.Error("the client takes a certificate of nobody's")
	}
}

// TestOutdated: NUT's clients that know no TLS but outdated ones must be served all the same: their machines depend on it.
func TestOutdated(t *testing.T) {
	old := &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}
	weak := &tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_RSA_WITH_AES_128_CBC_SHA}}
	b := newTLSBench(t, nil)
	for name, config := range map[string]*tls.Config{"version": old, "cipher": weak} {
		if _, err := b.dial().startTLS(config); err == nil {
			t.Fatalf("TLS with an outdated %s", name)
		}
		if got := b.dial().ask("STARTTLS"); got != "ERR FEATURE-NOT-CONFIGURED\n" {
			t.Errorf("%s: %q the second time, want it to go on in the clear", name, got)
		}
		b.secure(b.trusting()) // who insists comes again
	}
	b.host.Secure(b.security(func(s *Security) { s.Required = true }))
	for range 2 {
		if _, err := b.dial().startTLS(old); err == nil {
			t.Error("TLS with an outdated version")
		}
	}
}

func TestClientCertificates(t *testing.T) {
	b := newTLSBench(t, func(s *Security) { s.Config.ClientAuth = tls.VerifyClientCertIfGiven })
	pc, err := b.ca.Client("pc", certDates)
	if err != nil {
		t.Fatal(err)
	}
	nas, err := b.ca.Client("nas", certDates)
	if err != nil {
		t.Fatal(err)
	}
	b.host.Users.Replace([]User{
		{Name: "both", Password: "secret", Cert: "pc", Monitor: true},
		{Name: "cert", Cert: "pc", Monitor: true},
		{Name: "print", Cert: Fingerprint(nas.Leaf), Monitor: true},
		{Name: "plain", Password: "secret", Monitor: true},
	})
	tests := []struct {
		user, password string
		with           *tls.Certificate
		ok             bool
	}{
		{"both", "secret", pc, true}, {"both", "wrong", pc, false}, {"both", "secret", nas, false}, {"both", "secret", nil, false},
		{"cert", "any", pc, true}, {"cert", "any", nas, false}, {"cert", "any", nil, false},
		{"print", "any", nas, true}, {"print", "any", pc, false},
		{"plain", "secret", nil, true}, {"plain", "secret", pc, true}, {"plain", "any", pc, false},
	}
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		cache := tls.NewLRUClientSessionCache(0) // TLS may be resumed, without the certificates being sent again
		for _, test := range tests {
			config := b.trusting(version)
			if test.with != nil {
				config.Certificates = []tls.Certificate{*test.with}
				config.ClientSessionCache = cache
				config.ServerName = "card"
				if test.with == pc {
					config.ServerName = "card.local"
				}
			}
			c := b.secure(config)
			c.ask("USERNAME " + test.user)
			c.ask("PASSWORD " + test.password)
			want := "ERR ACCESS-DENIED\n"
			if test.ok {
				want = "OK\n"
			}
			if got := c.ask("LOGIN ups"); got != want {
				t.Errorf("%x %+v: %q", version, test, got)
			}
			c.conn.Close()
		}
	}
	c := b.dial()
	c.ask("USERNAME cert")
	c.ask("PASSWORD any")
	if got := c.ask("LOGIN ups"); got != "ERR ACCESS-DENIED\n" {
		t.Errorf("in the clear: %q", got)
	}
}

// greeted reports whether a client gets an answer over TLS.
func (b *tlsBench) greeted(config *tls.Config) bool {
	b.t.Helper()
	c, err := b.dial().startTLS(config)
	if err != nil {
		return false
	}
	io.WriteString(c.conn, "VER\n") // with TLS 1.3 the client is done before the server has looked
	_, err = c.in.ReadString('\n')
	return err == nil
}

func TestClientCertificateRequired(t *testing.T) {
	b := newTLSBench(t, func(s *Security) { s.Config.ClientAuth, s.Required = tls.RequireAndVerifyClientCert, true })
	stranger, err := ca.New(certDates)
	if err != nil {
		t.Fatal(err)
	}
	forged, err := stranger.Client("pc", certDates)
	if err != nil {
		t.Fatal(err)
	}
	good, err := b.ca.Client("pc", certDates)
	if err != nil {
		t.Fatal(err)
	}
	server, err := b.ca.Server(ca.Names{Hosts: []string{"pc"}}, certDates)
	if err != nil {
		t.Fatal(err)
	}
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		for name, test := range map[string]struct {
			cert *tls.Certificate
			ok   bool
		}{"none": {nil, false}, "a stranger's": {forged, false}, "a server's": {server, false}, "its own": {good, true}} {
			config := b.trusting(version)
			if test.cert != nil { // even if the server says that it does not know the authority
				config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return test.cert, nil }
			}
			if got := b.greeted(config); got != test.ok {
				t.Errorf("%x, %s: served %t", version, name, got)
			}
		}
	}
}

// TestHalfOpen: who does not go on after STARTTLS is dropped.
func TestHalfOpen(t *testing.T) {
	for name, begin := range map[string]string{"silent": "", "a record without an end": "\x16\x03\x01\x02\x00\x01"} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := &tlsBench{t: t, host: testHost()}
				var err error
				if b.ca, err = ca.New(certDates); err != nil {
					t.Fatal(err)
				}
				b.host.Secure(b.security(nil))
				ours, theirs := net.Pipe()
				done := make(chan struct{})
				go func() {
					desks := newDesks()
					newClient(NewServer(b.host, Limits{}), desks, ours, NewSession(b.host, "192.0.2.1")).serve()
					ours.Close()
					desks.Close()
					close(done)
				}()
				theirs.Write([]byte("STARTTLS\n"))
				answer := make([]byte, 100)
				if n, err := theirs.Read(answer); string(answer[:n]) != "OK STARTTLS\n" {
					t.Fatal(string(answer[:n]), err)
				}
				begun := time.Now()
				if begin != "" {
					theirs.Write([]byte(begin))
				}
				go io.Copy(io.Discard, theirs)
				<-done
				if took := time.Since(begun); took < handshakeTimeout || took > handshakeTimeout+10*time.Second {
					t.Errorf("dropped after %v", took)
				}
				if b.host.starts().turns.Len() != 0 {
					t.Error("its turn is not given back")
				}
				theirs.Close()
			})
		})
	}
}

// FuzzStartTLS: whatever a client sends, nothing is answered behind OK STARTTLS, and with more behind it the session is over.
func FuzzStartTLS(f *testing.F) {
	for _, text := range []string{"STARTTLS\n", "starttls x\r\n", "VER\nSTARTTLS\nVER\n", "STARTTLS\n\x16\x03\x01", "LIST VAR ups\nSTARTTLS"} {
		f.Add([]byte(text))
	}
	host := testHost()
	host.Secure(Security{Config: tlsconf.Server()})
	f.Fuzz(func(t *testing.T, data []byte) {
		s := NewSession(host, "192.0.2.1")
		defer s.Close()
		for open := true; open && len(data) > 0 && !s.starting; {
			var reply []byte
			reply, data, open = s.Take(nil, data)
			if s.starting && (!bytes.HasSuffix(reply, []byte("OK STARTTLS\n")) || open != (len(data) == 0)) {
				t.Errorf("%q, open %t, %d bytes left", reply, open, len(data))
			}
		}
	})
}
