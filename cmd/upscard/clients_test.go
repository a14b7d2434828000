package main

import (
	"context"
	"crypto/tls"
	"io"
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
	"github.com/upscard/upscard/services/nut"
	"github.com/upscard/upscard/services/nut/nuttest"
	"github.com/upscard/upscard/tools/debs"
)

// need skips where something is missing, and fails under CI.
func need(t *testing.T, err error) {
	t.Helper()
	if err != nil && os.Getenv("CI") == "true" {
		t.Fatal(err)
	}
	if err != nil {
		t.Skip(err)
	}
}

func needProgram(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	need(t, err)
	return path
}

// debian puts Debian's programs, which are not installed, in front of PATH.
func debian(t *testing.T, programs ...string) {
	t.Helper()
	need(t, debs.Available())
	root, err := debs.Unpack(t.Context(), "../../images/out/tlsclients", "", "libnss3-tools", "sslscan")
	need(t, err)
	dir := t.TempDir()
	must(t, debs.Scripts(root, dir, programs...))
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
}

func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for begin := time.Now(); !ok(); time.Sleep(10 * time.Millisecond) {
		if time.Since(begin) > patience {
			t.Fatal("not to be seen: ", what)
		}
	}
}

// TestUpsmon: NUT's upsmon, with what is to be pasted and FORCESSL 1 and CERTVERIFY 1, comes in to the card that it knows, and to no other.
func TestUpsmon(t *testing.T) {
	nuttest.Program(t, "upsmon")
	needProgram(t, "openssl")
	debian(t, "usr/bin/certutil", "usr/bin/pk12util")
	dir := t.TempDir()
	k, file := keyring(t, dir)
	user := nut.User{Name: "mon", Password: "secret", Monitor: true}
	trusting := serve(t, k.Certificate, nil, user)
	demanding := serve(t, k.Certificate, func(s *nut.Security) {
		s.Config.ClientAuth = tls.RequireAndVerifyClientCert
		own, err := ca.Parse([]byte(read(t, file)))
		must(t, err)
		s.Config.ClientCAs, err = ca.Pool(string(ca.CertPEM(own.Cert)))
		must(t, err)
	}, nut.User{Name: "mon", Cert: "pc", Monitor: true})
	client := func(name string, args ...string) string {
		out := filepath.Join(dir, name)
		mustMake(t, append(args, "-out", out, "-install", filepath.Join(out, "client"))...)
		nuttest.Readable(t, filepath.Join(out, "client"))
		return filepath.Join(out, "client")
	}
	known := client("known", "-from", trusting.addr)
	stranger := client("stranger", "-ca", filepath.Join(dir, "other.ca"))
	named := filepath.Join(dir, "named", "clients", "pc")
	mustMake(t, "-ca", file, "-client", "pc", "-out", filepath.Join(dir, "named"), "-install", named)
	nuttest.Readable(t, named)
	for _, test := range []struct {
		name  string
		to    card
		files string
		ok    bool
	}{
		{"knows the card", trusting, known, true},
		{"knows another", trusting, stranger, false},
		{"has no certificate of its own", demanding, known, false},
		{"has one of its own", demanding, named, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := nuttest.NewMachine(t, test.to.addr, "mon", "secondary", nuttest.Paste(t, test.files))
			m.Start()
			if test.ok {
				until(t, "its login", func() bool { return test.to.ups.Logins() == 1 })
				return
			}
			until(t, "its complaint", func() bool { return strings.Contains(strings.Join(m.Told(), " "), "COMM") })
			if n := test.to.ups.Logins(); n != 0 {
				t.Errorf("%d logins", n)
			}
		})
	}
}

// upsmonPy does what UPSmon.py does: one context that trusts a file, the host's name checked, one recv for each answer.
const upsmonPy = `
import socket, ssl, sys
host, port, cafile = sys.argv[1], int(sys.argv[2]), sys.argv[3]
context = ssl.create_default_context(cafile=cafile)
context.verify_flags |= ssl.VERIFY_X509_STRICT
assert context.verify_mode == ssl.CERT_REQUIRED and context.check_hostname
sock = socket.create_connection(("127.0.0.1", port), 30)
sock.sendall(b"STARTTLS\n")
assert sock.recv(8192) == b"OK STARTTLS\n"
secure = context.wrap_socket(sock, server_hostname=host)
for request in sys.argv[4:]:
    secure.sendall(request.encode() + b"\n")
    print(secure.recv(8192).decode(), end="")
print(secure.version())
`

func TestPython(t *testing.T) {
	python := needProgram(t, "python3")
	dir := t.TempDir()
	k, file := keyring(t, dir)
	c := serve(t, k.Certificate, nil, nut.User{Name: "mon", Password: "secret", Monitor: true})
	mustMake(t, "-ca", file, "-out", dir)
	mustMake(t, "-ca", filepath.Join(dir, "other.ca"), "-out", filepath.Join(dir, "other"))
	_, port, err := net.SplitHostPort(c.addr)
	must(t, err)
	ask := func(host, authority string) (string, error) {
		out, err := exec.CommandContext(t.Context(), python, "-c", upsmonPy, host, port, authority,
			"USERNAME mon", "PASSWORD secret", "LOGIN ups", "GET VAR ups ups.status", "LIST VAR ups", "LOGOUT").CombinedOutput()
		return string(out), err
	}
	const want = "OK\nOK\nOK\nVAR ups ups.status \"OL\"\nBEGIN LIST VAR ups\n"
	for _, host := range []string{"127.0.0.1", "localhost", "localhost.local"} {
		out, err := ask(host, filepath.Join(dir, "client", "ca.pem"))
		if err != nil || !strings.HasPrefix(out, want) || !strings.HasSuffix(out, "END LIST VAR ups\nOK Goodbye\nTLSv1.3\n") {
			t.Errorf("%s: %v\n%s", host, err, out)
		}
	}
	for host, authority := range map[string]string{"127.0.0.2": "client", "elsewhere": "client", "localhost": "other/client"} {
		if out, err := ask(host, filepath.Join(dir, authority, "ca.pem")); err == nil || !strings.Contains(out, "CERTIFICATE_VERIFY_FAILED") {
			t.Errorf("%s with %s: %v\n%s", host, authority, err, out)
		}
	}
}

// overTLS has STARTTLS said by whom it connects to the card, for programs that know TLS and no NUT.
func overTLS(t *testing.T, to string) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	t.Cleanup(func() { cancel(); ln.Close(); running.Wait() })
	running.Go(func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			running.Go(func() { forward(ctx, conn, to) })
		}
	})
	return ln.Addr().String()
}

func forward(ctx context.Context, conn net.Conn, to string) {
	defer conn.Close()
	card, err := net.Dial("tcp", to)
	if err != nil {
		return
	}
	defer card.Close()
	defer context.AfterFunc(ctx, func() { card.Close(); conn.Close() })()
	if startTLS(card) != nil {
		return
	}
	go func() {
		io.Copy(card, conn)
		card.(*net.TCPConn).CloseWrite()
	}()
	io.Copy(conn, card)
}

func TestOpenSSL(t *testing.T) {
	openssl := needProgram(t, "openssl")
	dir := t.TempDir()
	k, file := keyring(t, dir)
	c := serve(t, k.Certificate, nil)
	mustMake(t, "-ca", file, "-out", dir)
	mustMake(t, "-ca", filepath.Join(dir, "other.ca"), "-out", filepath.Join(dir, "other"))
	addr := overTLS(t, c.addr)
	for _, test := range []struct {
		authority string
		args      string
		ok        bool
	}{
		{"client", "-verify_ip 127.0.0.1", true}, {"client", "-verify_hostname localhost.local -tls1_2", true},
		{"client", "-verify_ip 127.0.0.2", false}, {"other/client", "-verify_ip 127.0.0.1", false},
		{"client", "-tls1_1 -cipher ALL:@SECLEVEL=0", false}, {"client", "-tls1_2 -cipher AES128-GCM-SHA256", false}, {"client", "-tls1_2 -cipher ECDHE-ECDSA-AES128-SHA", false},
	} {
		args := append([]string{"s_client", "-connect", addr, "-verify_return_error", "-no-CAfile", "-no-CAstore", "-CApath",
			filepath.Join(dir, test.authority, "certs"), "-brief", "-ign_eof"}, strings.Fields(test.args)...)
		cmd := exec.CommandContext(t.Context(), openssl, args...)
		cmd.Stdin = strings.NewReader("NETVER\nLOGOUT\n")
		out, _ := cmd.CombinedOutput()
		if got := strings.Contains(string(out), "1.3\nOK Goodbye\n"); got != test.ok {
			t.Errorf("%s, %s: served %t\n%s", test.authority, test.args, got, out)
		}
	}
}

// TestScan: a scanner of protocols and ciphers finds nothing weak.
func TestScan(t *testing.T) {
	debian(t, "usr/bin/sslscan")
	k, _ := keyring(t, t.TempDir())
	c := serve(t, k.Certificate, nil)
	out, err := exec.CommandContext(t.Context(), "sslscan", "--no-colour", "--no-fallback", overTLS(t, c.addr)).CombinedOutput()
	must(t, err)
	text := string(out)
	for _, protocol := range []string{"SSLv2     disabled", "SSLv3     disabled", "TLSv1.0   disabled", "TLSv1.1   disabled", "TLSv1.2   enabled", "TLSv1.3   enabled",
		"Session renegotiation not supported", "TLSv1.2 not vulnerable to heartbleed"} {
		if !strings.Contains(text, protocol) {
			t.Errorf("not %q", protocol)
		}
	}
	ciphers := regexp.MustCompile(`(?m)^(Preferred|Accepted) +(TLSv\S+) +(\d+) bits +(\S+)`).FindAllStringSubmatch(text, -1)
	good := regexp.MustCompile(`^(ECDHE-ECDSA-(AES\d+-GCM-SHA\d+|CHACHA20-POLY1305)|TLS_(AES_\d+_GCM|CHACHA20_POLY1305)_SHA\d+)$`)
	for _, cipher := range ciphers {
		if !good.MatchString(cipher[4]) {
			t.Errorf("%s accepts %s", cipher[2], cipher[4])
		}
	}
	if len(ciphers) < 6 {
		t.Errorf("only %d ciphers were found", len(ciphers))
	}
	if t.Failed() {
		t.Log(text)
	}
}
