package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/upscard/upscard/services/ca"
)

const (
	nutPort    = "3493"
	askTimeout = 15 * time.Second
)

// askAuthority asks a card over TLS for the certificate of its authority, which must have that fingerprint unless it is "".
func askAuthority(card, fingerprint string) (*x509.Certificate, error) {
	host, port, err := net.SplitHostPort(card)
	if err != nil {
		host, port = strings.Trim(card, "[]"), nutPort
	}
	conn, err := net.DialTimeout("tcp", net.JoinHostPort(host, port), askTimeout)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(askTimeout)); err != nil {
		return nil, err
	}
	if err := startTLS(conn); err != nil {
		return nil, fmt.Errorf("%s: %w", card, err)
	}
	secured := tls.Client(conn, &tls.Config{InsecureSkipVerify: true}) // what it shows is looked at here
	if err := secured.Handshake(); err != nil {
		return nil, fmt.Errorf("%s: %w", card, err)
	}
	authority, err := authorityOf(secured.ConnectionState().PeerCertificates, host)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", card, err)
	}
	if got := ca.Fingerprint(authority); fingerprint != "" && bare(fingerprint) != bare(got) {
		return nil, fmt.Errorf("%s: its authority has the fingerprint %s", card, got)
	}
	return authority, nil
}

func bare(fingerprint string) string {
	return strings.ToUpper(strings.NewReplacer(":", "", " ", "").Replace(fingerprint))
}

// startTLS reads the answer byte by byte: what follows it belongs to TLS.
func startTLS(conn net.Conn) error {
	if _, err := io.WriteString(conn, "STARTTLS\n"); err != nil {
		return err
	}
	var line []byte
	for one := make([]byte, 1); len(line) < 128; {
		if _, err := io.ReadFull(conn, one); err != nil {
			return err
		}
		if one[0] == '\n' {
			break
		}
		line = append(line, one[0])
	}
	if answer := strings.TrimRight(string(line), "\r"); !strings.HasPrefix(answer, "OK") {
		return fmt.Errorf("STARTTLS: %q; is starttls = \"on\" in its upscard.toml?", answer)
	}
	return nil
}

// authorityOf returns the last certificate of a chain if it is the authority of the first, which must be the host's.
func authorityOf(chain []*x509.Certificate, host string) (*x509.Certificate, error) {
	if len(chain) == 0 {
		return nil, errors.New("it shows no certificate")
	}
	last := chain[len(chain)-1]
	if !last.IsCA || last.CheckSignatureFrom(last) != nil {
		return nil, fmt.Errorf("its certificate is signed by %q, which it does not show: ask there", last.Issuer)
	}
	roots, between := x509.NewCertPool(), x509.NewCertPool()
	roots.AddCert(last)
	for _, cert := range chain[1:] {
		between.AddCert(cert)
	}
	_, err := chain[0].Verify(x509.VerifyOptions{DNSName: host, Roots: roots, Intermediates: between})
	return last, err
}
