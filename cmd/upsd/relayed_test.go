package main

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/upscard/upscard/services/ca"
	"github.com/upscard/upscard/services/nut"
	"github.com/upscard/upscard/services/proxyproto"
	"github.com/upscard/upscard/services/ups"
)

const shimOn = "[tlsshim]\nenabled = true\n"

// dialSocket connects to one of upsd's sockets.
func (u *upsd) dialSocket(name string) net.Conn {
	u.t.Helper()
	path := filepath.Join(u.run, "nut", name)
	var conn net.Conn
	until(u.t, path, func() (ok bool) {
		var err error
		conn, err = net.Dial("unix", path)
		return err == nil
	})
	u.t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(2 * patience))
	return conn
}

// relayed is a client whom a relay brings.
func (u *upsd) relayed(c proxyproto.Client) *client {
	u.t.Helper()
	conn := u.dialSocket(proxyName)
	header, err := c.Encode()
	if err != nil {
		u.t.Fatal(err)
	}
	if _, err := conn.Write(header); err != nil {
		u.t.Fatal(err)
	}
	return &client{u.t, conn, bufio.NewReader(conn)}
}

func from(addr, version string, cert *x509.Certificate) proxyproto.Client {
	return proxyproto.Client{From: netip.MustParseAddrPort(addr), To: netip.MustParseAddrPort("192.0.2.100:401"), TLS: version, Cert: cert}
}

// TestRelayed: a client whom a relay brings counts by its own address, as one over TLS, and as who its certificate says.
func TestRelayed(t *testing.T) {
	own, err := ca.New(dates())
	if err != nil {
		t.Fatal(err)
	}
	pc, err := own.Client("pc", dates())
	if err != nil {
		t.Fatal(err)
	}
	u := start(t, `maxconnperaddress = 3
[tls]
starttls = "required"
certrequest = "request"
[users.near]
password = "secret"
upsmon = "secondary"
from = "192.0.2.0/24"
[users.named]
cert = "pc"
upsmon = "primary"
[users.printed]
cert = "`+nut.Fingerprint(pc.Leaf)+`"
upsmon = "secondary"
`+shimOn)
	u.driver("usbhid-ups", "ups", storeOf("OL"))
	await(t, u.follower("ups", nil), "read", func(s *ups.Snapshot) bool { return s.Freshness() == ups.Fresh })
	u.expect("LIST UPS", "ERR ACCESS-DENIED\n")
	near := u.relayed(from("192.0.2.7:5", "TLSv1.3", nil))
	near.say("USERNAME near\nPASSWORD secret\nLOGIN ups\nLIST CLIENT ups\nSTARTTLS\nGET VAR ups ups.status\nUSERNAME near\n")
	near.expect("OK\nOK\nOK\nBEGIN LIST CLIENT ups\nCLIENT ups 192.0.2.7\nEND LIST CLIENT ups\nERR ALREADY-SSL-MODE\nVAR ups ups.status \"OL\"\nERR ALREADY-SET-USERNAME\n")
	u.log.find(t, `"client logged in" user=near addr=(192.0.2.7) ups=ups`)
	for _, test := range []struct {
		client         proxyproto.Client
		user, password string
		answer         string
	}{
		{from("198.51.100.7:5", "TLSv1.3", nil), "near", "secret", "ERR ACCESS-DENIED\n"},
		{from("192.0.2.7:5", "TLSv1.2", pc.Leaf), "named", "any", "OK\n"},
		{from("198.51.100.7:5", "TLSv1.3", pc.Leaf), "printed", "any", "OK\n"},
		{from("192.0.2.7:5", "TLSv1.3", nil), "named", "any", "ERR ACCESS-DENIED\n"},
		{from("192.0.2.7:5", "TLSv1.3", own.Cert), "named", "any", "ERR ACCESS-DENIED\n"},
		{from("192.0.2.7:5", "", nil), "near", "secret", "ERR ACCESS-DENIED\n"}, // in the clear
	} {
		c := u.relayed(test.client)
		c.say("USERNAME " + test.user + "\n")
		if test.client.TLS == "" {
			c.expect("ERR ACCESS-DENIED\n")
			c.conn.Close()
			continue
		}
		c.say("PASSWORD " + test.password + "\nLOGIN ups\nLOGOUT\n")
		c.expect("OK\nOK\n" + test.answer + "OK Goodbye\n")
		if _, err := c.in.ReadByte(); err != io.EOF {
			t.Error(err)
		}
	}
	for range 2 {
		c := u.relayed(from("192.0.2.7:6", "TLSv1.3", nil))
		c.say("NETVER\n")
		c.expect("1.3\n")
	}
	if _, err := u.relayed(from("192.0.2.7:7", "TLSv1.3", nil)).in.ReadByte(); err == nil {
		t.Error("one address may have more than its share by a relay")
	}
	u.log.find(t, `"connections refused: too many from one address" addr=(192.0.2.7)`)
	half := u.relayed(from("192.0.2.8:5", "TLSv1.3", nil))
	half.say("NETVER\n")
	half.conn.(*net.UnixConn).CloseWrite()
	half.expect("1.3\n")
	near.conn.Close()
	u.log.find(t, `"client logged out" user=near addr=(192.0.2.7) ups=ups`)
	junk := u.dialSocket(proxyName)
	if _, err := io.WriteString(junk, "GET VAR ups ups.status\n"); err != nil {
		t.Fatal(err)
	}
	if n, err := junk.Read(make([]byte, 1)); n != 0 || err == nil {
		t.Error("one who tells of no client is answered")
	}
	u.end()
	if left, err := filepath.Glob(filepath.Join(u.run, "nut", "[^u]*")); err != nil || len(left) > 0 { // the driver's is the test's
		t.Errorf("left over: %v, %v", left, err)
	}
}

// grant sends a request to the end, and returns the answer.
func (u *upsd) grant(request string) string {
	u.t.Helper()
	conn := u.dialSocket(grantName)
	_, _ = io.WriteString(conn, request) // of one that is too long not all is read
	_ = conn.(*net.UnixConn).CloseWrite()
	all, _ := io.ReadAll(conn)
	return string(all)
}

// TestGrant: who serves TLS in front has certificates of the card's authority, which is made for that if need be and is kept; what is no request is not answered.
func TestGrant(t *testing.T) {
	state := filepath.Join(t.TempDir(), "upsd")
	u := start(t, "[tls]\nstarttls = 'off'\nnames = 'ups.example.org'\n"+shimOn, "-state", state)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{DNSNames: []string{"bank.example"}, IPAddresses: []net.IP{net.IPv4(192, 0, 2, 100)}}, key)
	if err != nil {
		t.Fatal(err)
	}
	request := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der}))
	for _, wrong := range []string{"", "VER\n", request[:100], strings.Repeat("x", 3*ca.MaxRequest)} {
		if got := u.grant(wrong); got != "" {
			t.Errorf("%.20q: %s", wrong, got)
		}
	}
	u.log.find(t, `level=ERROR msg="(certificate not granted)"`)
	block, _ := pem.Decode([]byte(u.grant(request)))
	if block == nil {
		t.Fatal("no certificate\n", u.log)
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(readAuthority(t, state).Cert)
	for _, name := range []string{"ups.example.org", hostname(), "192.0.2.100"} {
		if _, err := cert.Verify(x509.VerifyOptions{DNSName: name, Roots: roots, CurrentTime: time.Now()}); err != nil {
			t.Error(err)
		}
	}
	if cert.VerifyHostname("bank.example") == nil {
		t.Error("it has a name that was asked for")
	}
	u.expect("STARTTLS", "ERR FEATURE-NOT-CONFIGURED\n")
}

// TestNoRelay: unless the configuration wants it there is nothing to connect to.
func TestNoRelay(t *testing.T) {
	u := start(t, "")
	u.dialControl()
	for _, name := range []string{proxyName, grantName} {
		if _, err := os.Stat(filepath.Join(u.run, "nut", name)); !os.IsNotExist(err) {
			t.Error(name, err)
		}
	}
}
