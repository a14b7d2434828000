package certbundle

import (
	"crypto/tls"
	"crypto/x509"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/upscard/upscard/services/ca"
)

func newAuthority(t *testing.T) (*ca.Authority, *tls.Certificate) {
	t.Helper()
	at := ca.Dates{Build: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), Now: time.Now()}
	a, err := ca.New(at)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := a.Server(ca.Names{Hosts: []string{"card"}}, at)
	if err != nil {
		t.Fatal(err)
	}
	return a, cert
}

func put(t *testing.T, dir string, files Files) {
	t.Helper()
	for _, name := range files.Paths() {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, files[name].Content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// TestOpenSSLFinds: the directory is one in which OpenSSL finds the authority, and no other's will do.
func TestOpenSSLFinds(t *testing.T) {
	need(t, "openssl")
	own, cert := newAuthority(t)
	other, _ := newAuthority(t)
	dir := t.TempDir()
	for name, a := range map[string]*ca.Authority{"own": own, "other": other} {
		files, err := Client("/etc/nut/upscard", a.Cert, nil)
		if err != nil {
			t.Fatal(err)
		}
		put(t, filepath.Join(dir, name), files)
	}
	put(t, dir, Server(own.Cert, cert))
	for name, ok := range map[string]bool{"own": true, "other": false} {
		out, err := exec.Command("openssl", "verify", "-no-CAfile", "-no-CAstore", "-CApath", filepath.Join(dir, name, dirHashed), "-x509_strict",
			"-purpose", "sslserver", "-verify_hostname", "card", filepath.Join(dir, "server.pem")).CombinedOutput()
		if (err == nil) != ok {
			t.Errorf("with the %s authority: %v\n%s", name, err, out)
		}
	}
}

func TestSecrets(t *testing.T) {
	own, cert := newAuthority(t)
	client, err := Client("/etc/nut/upscard", own.Cert, cert)
	if err != nil {
		t.Fatal(err)
	}
	for _, files := range []Files{client, Server(own.Cert, cert)} {
		for name, f := range files {
			if strings.Contains(string(f.Content), "PRIVATE KEY") != f.Secret {
				t.Errorf("%s: secret %t", name, f.Secret)
			}
			if strings.Contains(string(f.Content), string(ca.KeyPEM(&tls.Certificate{PrivateKey: cert.PrivateKey}))) != f.Secret {
				t.Errorf("%s has another key", name)
			}
		}
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(client[fileCA].Content) {
		t.Error("no certificate in", fileCA)
	}
	if _, err := tls.X509KeyPair(client[fileClient].Content, client[fileClient].Content); err != nil {
		t.Error(err)
	}
}
