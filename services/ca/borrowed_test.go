package ca

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"net"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// lender grants what it is asked for, by the names of a card, unless it fails.
type lender struct {
	own    *Authority
	host   string
	failed error
	asked  int
}

func (l *lender) ask(request []byte) ([]byte, error) {
	l.asked++
	if l.failed != nil {
		return nil, l.failed
	}
	r, err := ParseRequest(request)
	if err != nil {
		return nil, err
	}
	return l.own.Grant(r, CardNames(l.host, nil, r.Local), Dates{Now: time.Now()})
}

// TestBorrowed: a grant has the lender's names and the address, is asked for again after an hour, and outlives a lender that is away.
func TestBorrowed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &lender{own: newCA(t, Dates{Now: time.Now()}), host: "card"}
		b, err := NewBorrowed(l.ask)
		check(t, err)
		l.failed = errors.New("away")
		local := netip.MustParseAddr("192.0.2.1")
		for range 3 {
			if _, err := b.For(local); err == nil || !strings.Contains(err.Error(), "away") {
				t.Error(err)
			}
		}
		if l.asked != 1 {
			t.Errorf("asked %d times at once", l.asked)
		}
		l.failed = nil
		time.Sleep(grantPause)
		first, err := b.For(local)
		check(t, err)
		leaf := first.Cert.Leaf
		check(t, leaf.VerifyHostname("card.local"))
		check(t, leaf.VerifyHostname("192.0.2.1"))
		roots := x509.NewCertPool()
		roots.AddCert(l.own.Cert)
		if _, err := leaf.Verify(x509.VerifyOptions{Roots: roots}); err != nil || !first.Authority.Equal(l.own.Cert) {
			t.Error("of another authority", err)
		}
		if end := time.Now().Add(grantLife); leaf.NotAfter.After(end) || leaf.NotAfter.Before(end.Add(-time.Minute)) {
			t.Error("ends", leaf.NotAfter)
		}
		if again, err := b.For(netip.MustParseAddr("::ffff:192.0.2.1")); again != first || err != nil {
			t.Error("asked for again", err)
		}
		l.host = "other"
		time.Sleep(grantShown - time.Nanosecond)
		if again, _ := b.For(local); again != first {
			t.Error("asked for again too soon")
		}
		l.failed = errors.New("away")
		time.Sleep(time.Nanosecond)
		asked := l.asked
		for range 3 {
			if again, err := b.For(local); again != first || err != nil {
				t.Error("it is gone with the lender", err)
			}
		}
		if l.asked != asked+1 {
			t.Errorf("asked %d times at once", l.asked-asked)
		}
		l.failed = nil
		time.Sleep(grantPause)
		renamed, err := b.For(local)
		check(t, err)
		check(t, renamed.Cert.Leaf.VerifyHostname("other"))
		if !first.Cert.Leaf.PublicKey.(*ecdsa.PublicKey).Equal(renamed.Cert.Leaf.PublicKey) {
			t.Error("another key")
		}
		none, err := b.For(netip.Addr{})
		check(t, err)
		if len(none.Cert.Leaf.IPAddresses) > 0 {
			t.Error(none.Cert.Leaf.IPAddresses)
		}
		for i := range 3 * maxAddresses {
			_, err := b.For(netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}))
			check(t, err)
		}
		if len(b.grants) > maxAddresses {
			t.Errorf("%d are kept", len(b.grants))
		}
	})
}

// TestWrongGrants: what is no certificate of the key that was asked for is not taken.
func TestWrongGrants(t *testing.T) {
	own, other := newCA(t, at(0)), newCA(t, at(0))
	good, err := own.Server(Names{Hosts: []string{"card"}}, at(0)) // of another key
	check(t, err)
	for name, answer := range map[string][]byte{
		"nothing":           nil,
		"junk":              []byte("junk"),
		"one":               CertPEM(own.Cert),
		"of another key":    append(CertPEM(good.Leaf), CertPEM(own.Cert)...),
		"no certificate":    pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte{1}}),
		"another authority": append(CertPEM(good.Leaf), CertPEM(other.Cert)...),
	} {
		b, err := NewBorrowed(func([]byte) ([]byte, error) { return answer, nil })
		check(t, err)
		if grant, err := b.For(netip.Addr{}); err == nil {
			t.Errorf("%s: %v", name, grant)
		}
	}
}

// request is one as somebody else might make it.
func request(t testing.TB, key any, template x509.CertificateRequest) []byte {
	t.Helper()
	der, err := x509.CreateCertificateRequest(rand.Reader, &template, key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der})
}

// TestParseRequest: names in a request count for nothing, and what no server needs is refused.
func TestParseRequest(t *testing.T) {
	key, err := newKey()
	check(t, err)
	big, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	check(t, err)
	ips := func(list ...string) (all []net.IP) {
		for _, ip := range list {
			all = append(all, net.ParseIP(ip))
		}
		return all
	}
	named := x509.CertificateRequest{DNSNames: []string{"bank.example"}, IPAddresses: ips("192.0.2.1")}
	named.Subject.CommonName = "bank.example"
	r, err := ParseRequest(request(t, key, named))
	check(t, err)
	own := newCA(t, at(0))
	text, err := own.Grant(r, CardNames("card", nil, r.Local), at(0))
	check(t, err)
	cert, _, err := granted(text, key)
	check(t, err)
	if err := cert.Leaf.VerifyHostname("bank.example"); err == nil || cert.Leaf.Subject.CommonName != "card" || cert.Leaf.IsCA {
		t.Error("the names are the request's:", cert.Leaf.Subject, cert.Leaf.DNSNames)
	}
	good := request(t, key, x509.CertificateRequest{})
	block, _ := pem.Decode(good)
	block.Bytes[len(block.Bytes)-1] ^= 1
	forged := pem.EncodeToMemory(block)
	for name, text := range map[string][]byte{
		"nothing":        nil,
		"a certificate":  CertPEM(own.Cert),
		"two":            append(bytes.Clone(good), good...),
		"another's key":  forged,
		"P-384":          request(t, big, x509.CertificateRequest{}),
		"two addresses":  request(t, key, x509.CertificateRequest{IPAddresses: ips("192.0.2.1", "192.0.2.2")}),
		"every address":  request(t, key, x509.CertificateRequest{IPAddresses: ips("0.0.0.0")}),
		"a group's":      request(t, key, x509.CertificateRequest{IPAddresses: ips("ff02::fb")}),
		"many names":     request(t, key, x509.CertificateRequest{DNSNames: strings.Split(strings.Repeat("a.example,", 300), ",")[:300]}),
		"no request DER": pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: []byte{1}}),
	} {
		if r, err := ParseRequest(text); err == nil {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

func FuzzParseRequest(f *testing.F) {
	key, err := newKey()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(request(f, key, x509.CertificateRequest{IPAddresses: []net.IP{net.IPv4(192, 0, 2, 1)}}))
	f.Add(request(f, key, x509.CertificateRequest{}))
	f.Fuzz(func(t *testing.T, text []byte) {
		if r, err := ParseRequest(text); err == nil && (r.key == nil || r.Local.IsMulticast() || r.Local.IsUnspecified()) {
			t.Errorf("%+v", r)
		}
	})
}
