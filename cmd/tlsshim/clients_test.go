package main

import (
	"bufio"
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

	"github.com/upscard/upscard/services/ca"
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

// served is a card with our upsd behind, and the file of its authority's certificate. Clients call it localhost. config is more of [tlsshim].
func served(t *testing.T, config string) (c *card, cafile string) {
	t.Helper()
	c = place(t, "[tlsshim]\n"+config+strings.TrimPrefix(configured, "[tlsshim]\n")+"[tls]\nstarttls = 'off'\nnames = 'localhost'\n")
	c.driver()
	c.upsd()
	c.start()
	_, err := c.ask(&tls.Config{InsecureSkipVerify: true}, "") // makes the authority
	must(t, err)
	cafile = filepath.Join(c.dir, "ca.pem")
	must(t, os.WriteFile(cafile, ca.CertPEM(c.authority().Cert), 0o644))
	return c, cafile
}

// upsmonPy does what UPSmon.py does: a certificate is required, the host's name checked, one file trusted; STARTTLS in the clear; one recv for each answer; PRIMARY, and
// MASTER where that is refused.
const upsmonPy = `
import socket, ssl, sys
host, port, certfile, user = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]
context = ssl.SSLContext(protocol=ssl.PROTOCOL_TLS_CLIENT)
context.load_verify_locations(certfile)
assert context.verify_mode == ssl.CERT_REQUIRED and context.check_hostname
s = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
s.settimeout(30)
s.connect(("127.0.0.1", port))
def ask(line):
    s.send((line + "\n").encode())
    reply = s.recv(8192).decode()
    print(reply, end="")
    return reply
if ask("STARTTLS") not in ("OK STARTTLS\n", "OK\n"):
    sys.exit(1)
s = context.wrap_socket(s, server_side=False, server_hostname=host)
print(s.version())
ask("USERNAME " + user)
ask("PASSWORD secret")
ask("LOGIN ups")
if not ask("PRIMARY ups").startswith("OK"):
    ask("MASTER ups")
ask("GET VAR ups ups.status")
ask("LIST VAR ups")
ask("LOGOUT")
`

// TestUPSmonPy: a client that does what UPSmon.py does comes in, and only to the card that it knows, by a name that it has.
func TestUPSmonPy(t *testing.T) {
	python := needProgram(t, "python3")
	c, cafile := served(t, "")
	_, port, err := net.SplitHostPort(c.addr)
	must(t, err)
	other, err := ca.New(ca.Dates{})
	must(t, err)
	stranger := filepath.Join(c.dir, "stranger.pem")
	must(t, os.WriteFile(stranger, ca.CertPEM(other.Cert), 0o644))
	const begin = "OK STARTTLS\nTLSv1.3\nOK\nOK\nOK\n"
	const end = "VAR ups ups.status \"OL\"\nBEGIN LIST VAR ups\nVAR ups ups.status \"OL\"\nEND LIST VAR ups\nOK Goodbye\n"
	for _, test := range []struct{ host, cafile, user, want string }{
		{"localhost", cafile, "mon", begin + "OK PRIMARY-GRANTED\n" + end},
		{"127.0.0.1", cafile, "second", begin + "ERR ACCESS-DENIED\nERR ACCESS-DENIED\n" + end},
		{"elsewhere", cafile, "mon", "CERTIFICATE_VERIFY_FAILED"},
		{"localhost", stranger, "mon", "CERTIFICATE_VERIFY_FAILED"},
	} {
		out, err := exec.CommandContext(t.Context(), python, "-c", upsmonPy, test.host, port, test.cafile, test.user).CombinedOutput()
		if (err == nil) != strings.HasPrefix(test.want, begin) || !strings.Contains(string(out), test.want) {
			t.Errorf("as %s to %s: %v\n%s", test.user, test.host, err, out)
		}
	}
}

// behindSTARTTLS says STARTTLS for programs that know TLS and no NUT, and returns where they connect to.
func behindSTARTTLS(t *testing.T, to string) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	t.Cleanup(func() { cancel(); ln.Close(); running.Wait() })
	carry := func(conn net.Conn) {
		defer conn.Close()
		card, err := net.Dial("tcp", to)
		if err != nil {
			return
		}
		defer card.Close()
		defer context.AfterFunc(ctx, func() { card.Close(); conn.Close() })()
		if _, err := io.WriteString(card, "STARTTLS\n"); err != nil {
			return
		}
		if answer, err := bufio.NewReader(card).ReadString('\n'); answer != "OK STARTTLS\n" || err != nil {
			return
		}
		go io.Copy(card, conn)
		io.Copy(conn, card)
	}
	running.Go(func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			running.Go(func() { carry(conn) })
		}
	})
	return ln.Addr().String()
}

// TestOpenSSL: openssl comes in either way, by the versions that are configured and no other, and to the card that it knows only.
func TestOpenSSL(t *testing.T) {
	openssl := needProgram(t, "openssl")
	for config, versions := range map[string]map[string]bool{
		"":                {"": true, "-tls1_3": true, "-tls1_2": false, "-tls1_1 -cipher ALL:@SECLEVEL=0": false},
		"minimum = '1.2'": {"": true, "-tls1_3": true, "-tls1_2": true, "-tls1_2 -cipher AES128-GCM-SHA256": false, "-tls1_1 -cipher ALL:@SECLEVEL=0": false},
	} {
		c, cafile := served(t, config+"\n")
		ask := func(addr, options string) bool {
			args := append([]string{"s_client", "-connect", addr, "-verify_return_error", "-no-CApath", "-no-CAstore", "-CAfile", cafile, "-brief", "-ign_eof"},
				strings.Fields(options)...)
			cmd := exec.CommandContext(t.Context(), openssl, args...)
			cmd.Stdin = strings.NewReader("GET VAR ups ups.status\nLOGOUT\n")
			out, _ := cmd.CombinedOutput()
			return strings.Contains(string(out), "VAR ups ups.status \"OL\"\nOK Goodbye\n")
		}
		for _, addr := range []string{c.addr, behindSTARTTLS(t, c.addr)} {
			for options, want := range versions {
				if got := ask(addr, options+" -verify_hostname localhost"); got != want {
					t.Errorf("%q, %q: served %t", config, options, got)
				}
			}
			if ask(addr, "-verify_hostname elsewhere") {
				t.Error("it is elsewhere too")
			}
		}
	}
}

// TestScan: a scanner of protocols and ciphers finds the versions that are configured, and nothing weak in them.
func TestScan(t *testing.T) {
	need(t, debs.Available())
	root, err := debs.Unpack(t.Context(), "../../images/out/tlsclients", "", "libnss3-tools", "sslscan")
	need(t, err)
	dir := t.TempDir()
	must(t, debs.Scripts(root, dir, "usr/bin/sslscan"))
	good := regexp.MustCompile(`^(ECDHE-ECDSA-(AES\d+-GCM-SHA\d+|CHACHA20-POLY1305)|TLS_(AES_\d+_GCM|CHACHA20_POLY1305)_SHA\d+)$`)
	for config, want := range map[string]struct {
		version12 string
		ciphers   int
	}{"": {"disabled", 3}, "minimum = '1.2'\n": {"enabled", 6}} {
		c, _ := served(t, config)
		out, err := exec.CommandContext(t.Context(), filepath.Join(dir, "sslscan"), "--no-colour", "--no-fallback", c.addr).CombinedOutput()
		must(t, err)
		text := string(out)
		for _, line := range []string{"SSLv2     disabled", "SSLv3     disabled", "TLSv1.0   disabled", "TLSv1.1   disabled", "TLSv1.2   " + want.version12, "TLSv1.3   enabled"} {
			if !strings.Contains(text, line) {
				t.Errorf("%q: not %q", config, line)
			}
		}
		ciphers := regexp.MustCompile(`(?m)^(Preferred|Accepted) +TLSv\S+ +\d+ bits +(\S+)`).FindAllStringSubmatch(text, -1)
		for _, cipher := range ciphers {
			if !good.MatchString(cipher[2]) {
				t.Errorf("%q: it accepts %s", config, cipher[2])
			}
		}
		if len(ciphers) < want.ciphers {
			t.Errorf("%q: only %d ciphers were found", config, len(ciphers))
		}
		if strings.Contains(text, "vulnerable to heartbleed") && !strings.Contains(text, "not vulnerable to heartbleed") {
			t.Errorf("%q: heartbleed", config)
		}
		if t.Failed() {
			t.Log(text)
		}
	}
}

// TestNUTsUpsd: NUT's own upsd is served as it is, in the clear and untold of who the client is.
func TestNUTsUpsd(t *testing.T) {
	b := nuttest.New(t)
	b.DummyUPS("ups", "ups.status: OL\n")
	addr := b.Upsd("[mon]\n\tpassword = secret\n\tupsmon primary\n")
	own, err := ca.New(ca.Dates{})
	must(t, err)
	cert, err := own.Server(ca.NamesOf([]string{"localhost"}), ca.Dates{})
	must(t, err)
	c := place(t, "")
	file := filepath.Join(c.dir, "both.pem")
	must(t, os.WriteFile(file, append(ca.CertPEM(cert.Leaf), ca.KeyPEM(cert)...), 0o600))
	c.start("-upsd", addr, "-proxy=false", "-certificate", file)
	const requests = "USERNAME mon\nPASSWORD secret\nLOGIN ups\nPRIMARY ups\nGET NUMLOGINS ups\nGET VAR ups ups.status\n"
	const want = "OK\nOK\nOK\nOK PRIMARY-GRANTED\nNUMLOGINS ups 1\nVAR ups ups.status \"OL\"\n"
	until(t, "it is read", func() bool {
		got, err := c.ask(&tls.Config{InsecureSkipVerify: true}, requests)
		must(t, err)
		return got == want
	})
}
