package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/upscard/upscard/services/ca"
	"github.com/upscard/upscard/services/config"
	"github.com/upscard/upscard/services/nut"
	"github.com/upscard/upscard/services/tlsconf"
	"github.com/upscard/upscard/services/ups"
)

// patience is how long a test waits for what must happen.
const patience = 30 * time.Second

// card is a NUT server that ends with the test.
type card struct {
	addr string
	ups  *nut.UPS
}

// serve serves one UPS over TLS to the users.
func serve(t *testing.T, cert func(*tls.ClientHelloInfo) (*tls.Certificate, error), change func(*nut.Security), users ...nut.User) card {
	t.Helper()
	host := &nut.Host{Registry: new(nut.Registry), Users: nut.NewUsers(users), Version: "2.8.5 (upscard)", Logger: slog.New(slog.DiscardHandler)}
	t.Cleanup(host.Close)
	u := host.Registry.Add("ups", "")
	u.Store().Set(ups.NewSnapshot(map[string]ups.Var{"ups.status": {Value: "OL"}}, nil, ups.Fresh, time.Now()))
	security := nut.Security{Config: tlsconf.Server(), Required: true}
	security.Config.GetCertificate = cert
	if change != nil {
		change(&security)
	}
	host.Secure(security)
	ln, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	must(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- nut.NewServer(host, nut.Limits{}).Serve(ctx, ln) }()
	t.Cleanup(func() {
		cancel()
		must(t, <-done)
	})
	return card{ln.Addr().String(), u}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// keyring is a card's of its own, and its authority's file.
func keyring(t *testing.T, dir string) (*ca.Keyring, string) {
	t.Helper()
	file := filepath.Join(dir, "ca")
	own, err := openAuthority(file, io.Discard)
	must(t, err)
	k, err := ca.NewKeyring(own, nil, func() string { return "localhost" }, dates)
	must(t, err)
	return k, file
}

// make runs upscard mkcert.
func mustMake(t *testing.T, args ...string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	if code := run(append([]string{"mkcert"}, args...), nil, &stdout, &stderr); code != 0 {
		t.Fatalf("%v: exit code %d\n%s", args, code, &stderr)
	}
	return stdout.String()
}

func read(t *testing.T, parts ...string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(parts...))
	must(t, err)
	return string(text)
}

func TestAskACard(t *testing.T) {
	dir := t.TempDir()
	k, file := keyring(t, dir)
	c := serve(t, k.Certificate, nil)
	own, err := ca.Parse([]byte(read(t, file)))
	must(t, err)
	fingerprint := ca.Fingerprint(own.Cert)
	if said := mustMake(t, "-from", c.addr, "-out", filepath.Join(dir, "first")); !strings.Contains(said, fingerprint) {
		t.Errorf("it does not tell the fingerprint:\n%s", said)
	}
	if got := read(t, dir, "first", "client", "ca.pem"); got != string(ca.CertPEM(own.Cert)) {
		t.Error(got)
	}
	mustMake(t, "-from", c.addr, "-out", filepath.Join(dir, "second"), "-fingerprint", strings.ToLower(strings.ReplaceAll(fingerprint, ":", "")))
	for _, wrong := range [][]string{
		{"-from", c.addr, "-fingerprint", fingerprint[:60]},
		{"-from", strings.Replace(c.addr, "127.0.0.1", "127.0.0.2", 1)}, // nobody listens there
	} {
		var stderr bytes.Buffer
		if code := run(append(append([]string{"mkcert"}, wrong...), "-out", filepath.Join(dir, "wrong")), nil, io.Discard, &stderr); code != 1 {
			t.Errorf("%v: exit code %d, %s", wrong, code, &stderr)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "wrong")); err == nil {
		t.Error("it writes what nobody said")
	}
	off := serve(t, k.Certificate, func(s *nut.Security) { *s = nut.Security{} })
	if _, err := askAuthority(off.addr, ""); err == nil || !strings.Contains(err.Error(), "FEATURE-NOT-CONFIGURED") {
		t.Error(err)
	}
}

// TestRenew: a second run with the same authority makes a server that the first run's clients know, and keeps the authority.
func TestRenew(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "my.ca")
	first, second := filepath.Join(dir, "first"), filepath.Join(dir, "second")
	mustMake(t, "-ca", file, "-host", "localhost", "-host", "127.0.0.1", "-client", "pc", "-out", first)
	kept := read(t, file)
	mustMake(t, "-ca", file, "-host", "localhost", "-host", "127.0.0.1", "-out", second)
	if read(t, file) != kept {
		t.Error("it is another authority")
	}
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Error(info.Mode(), err)
	}
	if read(t, first, "server", "server.pem") == read(t, second, "server", "server.pem") {
		t.Error("the server's certificate is as it was")
	}
	cfg, err := config.Parse("tls.toml", []byte(read(t, second, "server", "tls.toml")))
	must(t, err)
	cert, err := ca.Supplied(cfg.TLS.Certificate, cfg.TLS.Key)
	must(t, err)
	c := serve(t, func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return cert, nil }, nil)
	roots, err := ca.Pool(read(t, first, "clients", "pc", "ca.pem"))
	must(t, err)
	conn, err := net.Dial("tcp", c.addr)
	must(t, err)
	defer conn.Close()
	must(t, startTLS(conn))
	must(t, tls.Client(conn, &tls.Config{RootCAs: roots, ServerName: "localhost"}).Handshake())
	if _, err := askAuthority(c.addr, ""); err == nil || !strings.Contains(err.Error(), "which it does not show") {
		t.Error("who asks such a server is told", err)
	}
}

// TestCardsAuthority: the file of a card's upsd is read, whatever storage adds to it, and never written.
func TestCardsAuthority(t *testing.T) {
	dir := t.TempDir()
	old, err := ca.New(ca.Dates{Build: time.Date(2010, 1, 1, 0, 0, 0, 0, time.UTC)})
	must(t, err)
	file := filepath.Join(dir, "ca")
	text := string(old.Encode()) + "# sha256 " + strings.Repeat("0", 64) + "\n"
	must(t, os.WriteFile(file, []byte(text), 0o600))
	mustMake(t, "-ca", file, "-client", "pc", "-out", dir)
	if read(t, file) != text {
		t.Error("written")
	}
	must(t, os.WriteFile(file, old.Encode(), 0o600))
	mustMake(t, "-ca", file, "-client", "pc", "-out", dir)
	if read(t, file) == string(old.Encode()) {
		t.Error("an authority of the owner's that is due is not renewed")
	}
}

func TestMkcertUsage(t *testing.T) {
	for _, args := range [][]string{
		{}, {"-from", "a", "-ca", "b"}, {"-ca", "b", "x"}, {"-from", "a", "-client", "c"}, {"-ca", "b", "-client", "../c"},
		{"-ca", "b", "-client", ""}, {"-ca", "b", "-client", ".."}, {"-ca", "b", "-fingerprint", "0"},
	} {
		var stderr bytes.Buffer
		if code := run(append([]string{"mkcert"}, args...), nil, io.Discard, &stderr); code != 2 || !strings.Contains(stderr.String(), "usage:") {
			t.Errorf("%v: exit code %d, %s", args, code, &stderr)
		}
	}
}
