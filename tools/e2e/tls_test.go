package e2e

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/upscard/upscard/services/nut/nuttest"
)

// TestTLS: the confined upsd makes an authority at its first start and keeps it, to itself; a client that was given its certificate knows the
// card by its name and by its address, after a restart too. Both ways of mkcert work on the card. Debian's upsmon sees an outage over TLS.
func TestTLS(t *testing.T) {
	nuttest.Program(t, "upsmon")
	tools := debian(t, "tlsclients", []string{"libnss3-tools", "sslscan"}, "usr/bin/certutil", "usr/bin/pk12util")
	m := boot(t, setup{config: `
[network]
hostname = "rack-7"
[tls]
starttls = "on"
names = "127.0.0.1"
[users.mon]
password = "secret"
upsmon = "secondary"
`})
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
	m.watchedOverTLS(tools)
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

// watchedOverTLS lets Debian's upsmon watch the card by what `upscard mkcert` writes for it, which wants TLS and checks whom it asks. It sees the mains go
// and come back. tools is where the NSS database's are.
func (m *machine) watchedOverTLS(tools string) {
	m.t.Helper()
	dir := m.t.TempDir()
	client := filepath.Join(dir, "client")
	mkcert := exec.Command(m.upscard(), "mkcert", "-from", m.Addr("nut"), "-out", dir, "-install", client)
	mkcert.Env = append(os.Environ(), "PATH="+tools+":"+os.Getenv("PATH"))
	if out, err := mkcert.CombinedOutput(); err != nil {
		m.t.Fatalf("mkcert: %v\n%s", err, out)
	}
	nuttest.Readable(m.t, client)
	conf := nuttest.Paste(m.t, client)
	for _, want := range []string{"FORCESSL 1", "CERTVERIFY 1", "CERTPATH " + client} {
		if !strings.Contains(conf, want) {
			m.t.Fatalf("no %s in\n%s", want, conf)
		}
	}
	machine := nuttest.NewMachine(m.t, m.Addr("nut"), "mon", "secondary", conf)
	upsmon := machine.Start()
	m.until("its login", func() bool { return m.logins() == 1 })
	told := func(kind string) func() bool {
		return func() bool { return slices.Contains(machine.Told(), kind+" ups@HOST") }
	}
	m.do(m.UPS[0], "mains off")
	m.until("ONBATT", told("ONBATT"))
	m.do(m.UPS[0], "mains on")
	m.until("ONLINE", told("ONLINE"))
	if got := machine.Told(); len(got) != 2 || !machine.Down().IsZero() {
		m.t.Errorf("it told %q, and was down at %v", got, machine.Down())
	}
	_ = upsmon.Kill()
}

// upscard is the owner's tool, for this machine.
func (m *machine) upscard() string {
	m.t.Helper()
	path := filepath.Join(m.t.TempDir(), "upscard")
	build := exec.Command("go", "build", "-o", path, "../../cmd/upscard")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		m.t.Fatalf("%v: %s", err, out)
	}
	return path
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
