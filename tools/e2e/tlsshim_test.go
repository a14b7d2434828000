package e2e

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

// TestTLSShim: clients that say nothing in the clear are served at port 401 of the booted card, whichever way they begin, and know it by name and by address;
// upsd knows them by their own addresses.
func TestTLSShim(t *testing.T) {
	m := boot(t, setup{config: `
[network]
hostname = "rack-7"
[tlsshim]
enabled = true
[users.pc]
password = "secret"
upsmon = "primary"
from = "10.0.2.2"
`})
	m.awaitAnswer("ups", "ups.status", "^OL", patience)
	m.console(0, `tlsshim: .*msg=listening`)
	roots := x509.NewCertPool()
	if said := m.shell("cd /tmp && upscard mkcert -from 127.0.0.1:401 && cat certs/client/ca.pem"); !roots.AppendCertsFromPEM([]byte(strings.ReplaceAll(said, "\r", ""))) {
		t.Fatalf("mkcert said\n%s", said)
	}
	const requests = "VER\nUSERNAME pc\nPASSWORD secret\nATTACH ups\nPRIMARY ups\nGET NUMATTACH ups\nLIST CLIENT ups\nGET VAR ups ups.status\nPROTVER\nDETACH\n"
	const want = "OK\nOK\nOK\nOK PRIMARY-GRANTED\nNUMATTACH ups 1\nBEGIN LIST CLIENT ups\nCLIENT ups 10.0.2.2\nEND LIST CLIENT ups\nVAR ups ups.status \"OL\"\n1.3\nOK Goodbye\n"
	for _, name := range []string{"rack-7", "rack-7.local", "10.0.2.15"} {
		for _, begin := range []string{"", "STARTTLS\n"} {
			got, err := m.say401(begin, roots, name, requests)
			version, rest, _ := strings.Cut(got, "\n")
			if err != nil || !strings.HasPrefix(version, "Network UPS Tools upsd ") || strings.Replace(rest, "OL CHRG", "OL", 1) != want {
				t.Errorf("%q, as %s: %v\n%s", begin, name, err, got)
			}
		}
	}
	if _, err := m.say401("", roots, "rack-8", requests); err == nil {
		t.Error("it is rack-8 too")
	}
	if got, err := m.say401("VER\n", roots, "rack-7", requests); got != "ERR ACCESS-DENIED\n" {
		t.Errorf("in the clear it says %q, %v", got, err)
	}
	if s := m.status("tlsshim"); s["CapEff"] != "0000000000000000" || s["Seccomp_filters"] != "3" || strings.Fields(s["Uid"])[0] != "106" {
		t.Errorf("it runs as %v", s)
	} else {
		t.Logf("resident %s, of its own %s", s["VmRSS"], s["RssAnon"])
	}
	mark := m.Console.Mark()
	m.shell("kill -9 " + m.pid("tlsshim"))
	m.console(mark, `tlsshim: .*msg=listening`)
	if got, err := m.say401("STARTTLS\n", roots, "rack-7", "NETVER\nLOGOUT\n"); got != "1.3\nOK Goodbye\n" {
		t.Errorf("of another tlsshim: %q, %v", got, err)
	}
	m.shell("kill -9 " + m.pid("upsd"))
	m.awaitAnswer("ups", "ups.status", "^OL", patience)
	if got, err := m.say401("", roots, "rack-7", "NETVER\nLOGOUT\n"); got != "1.3\nOK Goodbye\n" {
		t.Errorf("behind another upsd: %q, %v", got, err)
	}
}

// TestNoTLSShim: unless the owner wants it, there is no such program, and nobody listens.
func TestNoTLSShim(t *testing.T) {
	m := bootReady(t, setup{})
	m.console(0, `program is done.* program=tlsshim`)
	if pids := m.shell("pidof tlsshim || true"); strings.TrimSpace(pids) != "" {
		t.Errorf("it runs as %s", pids)
	}
	if got, err := m.say401("STARTTLS\n", nil, "upscard", ""); got != "" || err == nil {
		t.Errorf("it answers %q, %v", got, err)
	}
}

// say401 returns all that the card answers at port 401 to requests over TLS, or to what is said in the clear before.
func (m *machine) say401(begin string, roots *x509.CertPool, name, requests string) (string, error) {
	m.t.Helper()
	conn, err := net.Dial("tcp", m.Addr("tlsshim"))
	if err != nil {
		return "", err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return "", err
	}
	fmt.Fprint(conn, begin)
	if begin != "" {
		answer, err := bufio.NewReader(conn).ReadString('\n')
		if err != nil || answer != "OK STARTTLS\n" {
			return answer, err
		}
	}
	secured := tls.Client(conn, &tls.Config{RootCAs: roots, ServerName: name, MinVersion: tls.VersionTLS13})
	if err := secured.Handshake(); err != nil {
		return "", err
	}
	fmt.Fprint(secured, requests)
	all, err := io.ReadAll(secured)
	return string(all), err
}
