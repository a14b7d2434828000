package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/tls"
	"encoding/pem"
	"errors"
	"fmt"
	"net/netip"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/upscard/upscard/services/ca"
	"github.com/upscard/upscard/tools/debs"
)

// tlsRows are those of upsd over TLS 1.3, tlsOldRows over 1.2, where only the handshake is another.
var (
	tlsRows = []row{
		{"TLS 1.3 GET VAR, 1 connection", pressing(1, getVar, false)},
		{"TLS 1.3 GET VAR, 16", pressing(16, getVar, false)},
		{"TLS 1.3 GET VAR, 200", pressing(200, getVar, false)},
		{"TLS 1.3 connect, GET, 1 client", pressingNew(1, getVar)},
		{"TLS 1.3 connect, GET, 16", pressingNew(16, getVar)},
		{"TLS 1.3 connect, GET, 200", pressingNew(200, getVar)},
		{"TLS 1.3 beside 2,000 idle", besideIdle(2000, listVar, 16)},
	}
	tlsOldRows = []row{
		{"TLS 1.2 connect, GET, 1 client", pressingNew(1, getVar)},
		{"TLS 1.2 connect, GET, 16", pressingNew(16, getVar)},
		{"TLS 1.2 connect, GET, 200", pressingNew(200, getVar)},
	}
)

// tlsContest is upsd over one version of TLS.
func tlsContest(version uint16, rows []row) contest {
	return contest{
		theirs: "NUT",
		rows:   rows,
		set: func(ctx context.Context, k kit) (*stand, []server, error) {
			theirs, err := reference()
			if err != nil {
				return nil, nil, err
			}
			s, err := newStand(ctx, 0)
			if err != nil {
				return nil, nil, err
			}
			s.secure(version)
			c, err := s.certify()
			if err == nil {
				err = s.nss(ctx, k, c)
			}
			return s, []server{ours(k.ours("upsd")), theirs}, err
		},
	}
}

// certificate is a server's.
type certificate struct{ cert, key string } // PEM

func newCertificate() (certificate, error) {
	dates := ca.Dates{Build: time.Now().Add(-time.Hour), Now: time.Now()}
	authority, err := ca.New(dates)
	if err != nil {
		return certificate{}, err
	}
	c, err := authority.Server(ca.Names{Addrs: []netip.Addr{netip.MustParseAddr("127.0.0.1")}}, dates)
	if err != nil {
		return certificate{}, err
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Certificate[0]})
	return certificate{string(text), string(ca.KeyPEM(c))}, nil
}

// secure has clients come in over that version of TLS.
func (s *stand) secure(version uint16) { s.door = s.agreed.over(s.door, version) }

// certify gives our upsd a certificate.
func (s *stand) certify() (certificate, error) {
	c, err := newCertificate()
	if err != nil {
		return c, err
	}
	return c, s.write("upscard.toml", fmt.Sprintf("[tls]\nstarttls = \"on\"\ncertificate = '''\n%s'''\nkey = '''\n%s'''\n", c.cert, c.key))
}

// nss gives NUT's upsd the certificate, in a database as Debian 12 builds it to have.
func (s *stand) nss(ctx context.Context, k kit, c certificate) error {
	t, err := k.tree(ctx, "nss", "libnss3-tools")
	if err != nil {
		return err
	}
	path := func(name string) string { return filepath.Join(s.dir, name) }
	if err := errors.Join(s.write("password", "secret\n"), s.write("pair.pem", c.key+c.cert), s.append("upsd.conf", fmt.Sprintf("CERTPATH %s\nCERTIDENT card secret\n", s.dir))); err != nil {
		return err
	}
	if err := debs.Scripts(string(t), s.dir, "usr/bin/certutil", "usr/bin/pk12util"); err != nil {
		return err
	}
	db := "sql:" + s.dir
	create := exec.Command(path("certutil"), "-N", "-d", db, "-f", path("password"))
	fill := exec.Command(path("pk12util"), "-i", path("pair.p12"), "-d", db, "-k", path("password"), "-w", path("password"))
	pack := exec.Command("openssl", "pkcs12", "-export", "-in", path("pair.pem"), "-name", "card", "-passout", "file:"+path("password"), "-out", path("pair.p12"))
	for _, cmd := range []*exec.Cmd{create, pack, fill} {
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w: %s", cmd.Path, err, out)
		}
	}
	return nil
}

// terms are what a client and a server have agreed on.
type terms struct {
	version, cipher uint16
	group           tls.CurveID
	key             string
	resumed         bool
}

func (t terms) String() string {
	resumed := "not resumed"
	if t.resumed {
		resumed = "resumed"
	}
	return fmt.Sprintf("%s, %s, %v, %s, %s", tls.VersionName(t.version), tls.CipherSuiteName(t.cipher), t.group, t.key, resumed)
}

func termsOf(state tls.ConnectionState) terms {
	key := "a key of another kind"
	switch k := state.PeerCertificates[0].PublicKey.(type) {
	case *ecdsa.PublicKey:
		key = "ECDSA " + k.Curve.Params().Name
	case *rsa.PublicKey:
		key = fmt.Sprintf("RSA-%d", k.N.BitLen())
	}
	return terms{state.Version, state.CipherSuite, state.CurveID, key, state.DidResume}
}

// agreement is what all connections to both servers must have in common.
type agreement struct{ first atomic.Pointer[terms] }

// hold returns an error if these are not the terms that the first connection had.
func (a *agreement) hold(t terms) error {
	if a.first.CompareAndSwap(nil, &t) {
		return nil
	}
	if first := *a.first.Load(); first != t {
		return fmt.Errorf("TLS is not the same for both: %v, then %v", first, t)
	}
	return nil
}

// String is empty before the first connection.
func (a *agreement) String() string {
	if first := a.first.Load(); first != nil {
		return first.String()
	}
	return ""
}

// over is the way in by STARTTLS.
func (a *agreement) over(in door, version uint16) door {
	return a.at(func(ctx context.Context) (*client, error) {
		c, err := in(ctx)
		if err == nil {
			if err = c.ask(startTLS); err != nil {
				c.conn.Close()
			}
		}
		return c, err
	}, version)
}

// at is the way in by TLS, each time with a handshake in full. Clients look at no certificate: it is the servers that are measured.
func (a *agreement) at(in door, version uint16) door {
	config := &tls.Config{InsecureSkipVerify: true, MinVersion: version, MaxVersion: version, CurvePreferences: []tls.CurveID{tls.X25519, tls.CurveP256},
		CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256}}
	return func(ctx context.Context) (*client, error) {
		c, err := in(ctx)
		if err != nil {
			return nil, err
		}
		secured := tls.Client(c.conn, config)
		c.conn = secured
		if err = secured.HandshakeContext(ctx); err == nil {
			err = a.hold(termsOf(secured.ConnectionState()))
		}
		if err != nil {
			secured.Close()
			return nil, err
		}
		return c, nil
	}
}
