package e2e

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"regexp"
	"strings"
	"testing"
	"time"
)

// TestTLS: the confined upsd makes an authority at its first start and keeps it, to itself; a client that was given its certificate knows the
// card by its name and by its address, after a restart too. Both ways of mkcert work on the card.
func TestTLS(t *testing.T) {
	m := boot(t, setup{config: "[network]\nhostname = \"rack-7\"\n[tls]\nstarttls = \"on\"\n"})
	m.awaitAnswer("ups", "ups.status", "^OL", patience)
	said := m.shell("cd /tmp && upscard mkcert -from 127.0.0.1 && cat certs/client/ca.pem")
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM([]byte(strings.ReplaceAll(said, "\r", ""))) {
		t.Fatalf("mkcert said\n%s", said)
	}
	for command, want := range map[string]string{
		"ls -l /state/upsd/ca": `^-rw-------.* 101 .*ca$`,
		"cd /tmp && upscard mkcert -ca /state/upsd/ca -client pc -out own": `wrote own/clients/pc/client.pem`,
	} {
		if got := m.shell(command); !regexp.MustCompile(want).MatchString(strings.TrimSpace(got)) {
			t.Errorf("%s printed\n%s", command, got)
		}
	}
	for _, name := range []string{"rack-7", "rack-7.local", "10.0.2.15"} {
		if got, err := askOverTLS(m.Addr("nut"), roots, name); err != nil || !strings.HasPrefix(got, `VAR ups ups.status "OL`) {
			t.Errorf("as %s: %q, %v", name, got, err)
		}
	}
	if _, err := askOverTLS(m.Addr("nut"), roots, "rack-8"); err == nil {
		t.Error("it is rack-8 too")
	}
	mark := m.restart("reboot")
	ctx, cancel := within(t, patience)
	defer cancel()
	if _, _, err := m.Console.Await(ctx, mark, regexp.MustCompile(`upsd: .*msg=listening`)); err != nil {
		t.Fatal(err)
	}
	m.awaitAnswer("ups", "ups.status", "^OL", patience)
	if got, err := askOverTLS(m.Addr("nut"), roots, "rack-7.local"); err != nil || !strings.HasPrefix(got, `VAR ups ups.status "OL`) {
		t.Errorf("after a restart: %q, %v", got, err)
	}
}

// askOverTLS returns a UPS's state as a client reads it that checks whom it asks.
func askOverTLS(addr string, roots *x509.CertPool, name string) (string, error) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return "", err
	}
	fmt.Fprint(conn, "STARTTLS\n")
	if answer, err := bufio.NewReader(conn).ReadString('\n'); answer != "OK STARTTLS\n" {
		return answer, fmt.Errorf("STARTTLS: %w", err)
	}
	secured := tls.Client(conn, &tls.Config{RootCAs: roots, ServerName: name})
	if err := secured.Handshake(); err != nil {
		return "", err
	}
	fmt.Fprint(secured, "GET VAR ups ups.status\n")
	return bufio.NewReader(secured).ReadString('\n')
}
