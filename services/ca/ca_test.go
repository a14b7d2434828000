package ca

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"
)

var build = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

func at(years float64) Dates {
	return Dates{build, build.Add(time.Duration(years * float64(year)))}
}

func newCA(t *testing.T, d Dates) *Authority {
	t.Helper()
	a, err := New(d)
	check(t, err)
	return a
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// verify is what a client does that trusts a certificate.
func verify(trusted *x509.Certificate, cert *tls.Certificate, name string, when time.Time, usage x509.ExtKeyUsage) error {
	roots := x509.NewCertPool()
	roots.AddCert(trusted)
	_, err := cert.Leaf.Verify(x509.VerifyOptions{Roots: roots, DNSName: name, CurrentTime: when, KeyUsages: []x509.ExtKeyUsage{usage}})
	return err
}

func TestServer(t *testing.T) {
	a := newCA(t, at(1))
	for _, now := range []Dates{at(1), {build, time.Unix(0, 0)}} { // the clock may be unset
		cert, err := a.Server(CardNames("card", []string{"ups.example.org", "2001:db8::7"}, netip.MustParseAddr("::ffff:192.0.2.5")), now)
		check(t, err)
		for _, name := range []string{"card", "card.local", "ups.example.org", "192.0.2.5", "2001:db8::7"} {
			for _, when := range []time.Time{build, build.Add(4 * year)} {
				if err := verify(a.Cert, cert, name, when, x509.ExtKeyUsageServerAuth); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
		}
		for _, name := range []string{"192.0.2.6", "other", "local"} {
			if verify(a.Cert, cert, name, build, x509.ExtKeyUsageServerAuth) == nil {
				t.Errorf("it is %s's too", name)
			}
		}
		if verify(a.Cert, cert, "card", build, x509.ExtKeyUsageClientAuth) == nil {
			t.Error("it is a client's too")
		}
		if verify(newCA(t, at(1)).Cert, cert, "card", build, x509.ExtKeyUsageServerAuth) == nil {
			t.Error("another authority will do")
		}
	}
}

func TestHostNames(t *testing.T) {
	for host, want := range map[string]string{
		"card": "card card.local", "card.example.org": "card.example.org card.local", "card.local": "card.local", "": "", "kärtchen": "", "a b": "",
	} {
		if got := strings.Join(CardNames(host, nil, netip.Addr{}).Hosts, " "); got != want {
			t.Errorf("%q: %q, want %q", host, got, want)
		}
	}
}

func TestClient(t *testing.T) {
	a := newCA(t, at(1))
	cert, err := a.Client("pc", at(1))
	check(t, err)
	if err := verify(a.Cert, cert, "", build, x509.ExtKeyUsageClientAuth); err != nil || cert.Leaf.Subject.CommonName != "pc" {
		t.Error(err, cert.Leaf.Subject)
	}
	if verify(a.Cert, cert, "", build, x509.ExtKeyUsageServerAuth) == nil {
		t.Error("a client can be the card")
	}
}

// TestRenewal: who trusts an authority's old certificate trusts what it signs after it got a new one, and the other way round.
func TestRenewal(t *testing.T) {
	old := newCA(t, at(0))
	if again, err := old.Renewed(at(9.9)); err != nil || again != old {
		t.Error("renewed before it is due", err)
	}
	renewed, err := old.Renewed(at(10.1))
	check(t, err)
	if renewed == old || renewed.Cert.NotAfter.Before(build.Add(30*year)) || bytes.Equal(renewed.Cert.SerialNumber.Bytes(), old.Cert.SerialNumber.Bytes()) {
		t.Error("not renewed", renewed.Cert.NotAfter)
	}
	before, err := old.Server(Names{Hosts: []string{"card"}}, at(10))
	check(t, err)
	after, err := renewed.Server(Names{Hosts: []string{"card"}}, at(10.1))
	check(t, err)
	for _, trusted := range []*x509.Certificate{old.Cert, renewed.Cert} {
		for _, cert := range []*tls.Certificate{before, after} {
			check(t, verify(trusted, cert, "card", build.Add(11*year), x509.ExtKeyUsageServerAuth))
		}
	}
	late, err := old.Server(Names{Hosts: []string{"card"}}, at(18))
	check(t, err)
	if late.Leaf.NotAfter.After(old.Cert.NotAfter) {
		t.Error("it outlives the authority")
	}
}

func TestParse(t *testing.T) {
	a := newCA(t, at(0))
	text := a.Encode()
	again, err := Parse(text)
	check(t, err)
	if !again.Cert.Equal(a.Cert) || !again.key.Equal(a.key) || !bytes.Equal(again.Encode(), text) {
		t.Error("not the same")
	}
	key, cert, _ := strings.Cut(string(text), "-----BEGIN CERT")
	cert = "-----BEGIN CERT" + cert
	leaf, err := a.Server(Names{Hosts: []string{"card"}}, at(0))
	check(t, err)
	for name, wrong := range map[string]string{
		"nothing": "", "no key": cert, "no certificate": key, "the wrong way round": cert + key, "another's": key + string(CertPEM(newCA(t, at(0)).Cert)),
		"no authority's": string(keyPEM(a.key)) + string(CertPEM(leaf.Leaf)), "too long": string(text) + strings.Repeat("\n", MaxText),
	} {
		if _, err := Parse([]byte(wrong)); err == nil {
			t.Error(name, "is taken")
		}
	}
	if len(text) > MaxText/2 {
		t.Errorf("%d bytes, next to the limit", len(text))
	}
}

func FuzzParse(f *testing.F) {
	a, err := New(at(0))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(a.Encode())
	f.Add([]byte("-----BEGIN PRIVATE KEY-----\nYQ==\n-----END PRIVATE KEY-----\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		a, err := Parse(text)
		if err != nil {
			return
		}
		if _, err := Parse(a.Encode()); err != nil {
			t.Error(err)
		}
	})
}

func TestFingerprint(t *testing.T) {
	a := newCA(t, at(0))
	if got := Fingerprint(a.Cert); len(got) != 95 || strings.ToUpper(got) != got || strings.Count(got, ":") != 31 {
		t.Error(got)
	}
}

func TestKeyring(t *testing.T) {
	host, dates := "card", at(0)
	k, err := NewKeyring(newCA(t, at(0)), []string{"ups.example.org"}, func() string { return host }, func() Dates { return dates })
	check(t, err)
	of := func(addr string) *tls.Certificate {
		t.Helper()
		cert, err := k.For(netip.MustParseAddr(addr))
		check(t, err)
		return cert
	}
	first := of("192.0.2.1")
	if of("::ffff:192.0.2.1") != first {
		t.Error("made again for nothing")
	}
	check(t, first.Leaf.VerifyHostname("ups.example.org"))
	check(t, of("fe80::1%eth0").Leaf.VerifyHostname("fe80::1"))
	host = "other"
	renamed := of("192.0.2.1")
	if err := renamed.Leaf.VerifyHostname("other.local"); renamed == first || err != nil {
		t.Error("the name has changed", err)
	}
	dates = at(2.4)
	if of("192.0.2.1") != renamed {
		t.Error("made again while it is young")
	}
	dates = at(2.6)
	if aged := of("192.0.2.1"); aged == renamed || aged.Leaf.NotAfter.Before(build.Add(7*year)) {
		t.Error("not made again:", aged.Leaf.NotAfter)
	}
	for i := range 3 * maxAddresses {
		of(netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}).String())
	}
	if len(k.certs) > maxAddresses {
		t.Errorf("%d are kept", len(k.certs))
	}
}

func TestKeyringOnAPipe(t *testing.T) {
	k, err := NewKeyring(newCA(t, at(0)), nil, func() string { return "card" }, func() Dates { return at(0) })
	check(t, err)
	ours, theirs := net.Pipe()
	defer ours.Close()
	defer theirs.Close()
	cert, err := k.Certificate(&tls.ClientHelloInfo{Conn: ours})
	check(t, err)
	check(t, cert.Leaf.VerifyHostname("card.local"))
}

func TestSupplied(t *testing.T) {
	a := newCA(t, at(0))
	cert, err := a.Server(Names{Hosts: []string{"card"}}, at(0))
	check(t, err)
	chain := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Certificate[0]})) + string(CertPEM(a.Cert))
	keyText := string(KeyPEM(cert))
	got, err := Supplied(chain, keyText)
	check(t, err)
	if len(got.Certificate) != 2 {
		t.Error("the chain is cut")
	}
	check(t, Check(chain, keyText, chain))
	check(t, Check("", "", ""))
	if err := Check(chain, string(keyPEM(a.key)), keyText); err == nil || !strings.Contains(err.Error(), "certificate, key:") || !strings.Contains(err.Error(), "clientca:") {
		t.Error("another's key, and no authority:", err)
	}
	weak, err := rsa.GenerateKey(rand.Reader, 1024)
	check(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "weak"}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &weak.PublicKey, weak)
	check(t, err)
	chain = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	keyText = string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(weak)}))
	if err := Check(chain, keyText, ""); err == nil || !strings.Contains(err.Error(), "1024") {
		t.Error("a weak key:", err)
	}
}

// What is supplied is warned of in time, each certificate by itself, and by the same text until it changes.
func TestWarnings(t *testing.T) {
	a, other := newCA(t, at(0)), newCA(t, at(0))
	cert, err := a.Server(Names{Hosts: []string{"card"}}, at(0))
	check(t, err)
	leaf := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Certificate[0]}))
	own, begin, end := string(CertPEM(a.Cert)), cert.Leaf.NotBefore, cert.Leaf.NotAfter
	nameless, err := a.issue(&x509.Certificate{DNSNames: []string{"a.example", "b.example"}, NotBefore: begin, NotAfter: end}, a.key)
	check(t, err)
	const day = 24 * time.Hour
	subject := a.Cert.Subject.String()
	for _, c := range []struct {
		name           string
		chain, clients string
		now            time.Time
		want           []string
	}{
		{"nothing", "", "", end, nil},
		{"good", leaf + own, own, begin, nil},
		{"good to the last", leaf, "", end.Add(-30 * day), nil},
		{"soon", leaf + own, "", end.Add(-30*day + time.Second), []string{`certificate: "CN=card" expires on ` + end.Format(time.DateOnly)}},
		{"soon still", leaf + own, "", end, []string{`certificate: "CN=card" expires on ` + end.Format(time.DateOnly)}},
		{"expired", leaf + own, "", end.Add(time.Second), []string{`certificate: "CN=card" has expired, on ` + end.Format(time.DateOnly)}},
		{"not yet", leaf, "", begin.Add(-time.Second), []string{`certificate: "CN=card" is valid from ` + begin.Format(time.DateOnly) + ` on, which the clock says is to come`}},
		{"authority", "", own, a.Cert.NotAfter.Add(time.Hour), []string{`clientca: "` + subject + `" has expired, on ` + a.Cert.NotAfter.Format(time.DateOnly)}},
		{"another's", leaf + string(CertPEM(other.Cert)), "", begin, []string{`certificate: "` + other.Cert.Subject.String() + `" has not signed "CN=card", before it`}},
		{"expired, of a host", string(CertPEM(nameless.Leaf)), "", nameless.Leaf.NotAfter.Add(time.Second),
			[]string{`certificate: "a.example, b.example" has expired, on ` + nameless.Leaf.NotAfter.Format(time.DateOnly)}},
		{"garbled", "x", "y", begin, nil}, // which Check tells
	} {
		unset := Warnings(c.chain, c.clients, Dates{Build: c.now}, true)
		if want := c.want; c.name != "not yet" && !slices.Equal(unset, want) || c.name == "not yet" && len(unset) != 0 {
			t.Errorf("%s, by a clock that was not set: %q", c.name, unset)
		}
		if got := Warnings(c.chain, c.clients, Dates{Now: c.now}, false); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}
