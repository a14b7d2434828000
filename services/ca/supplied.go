package ca

import (
	"cmp"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
	"time"
)

// minRSA is the size of the smallest RSA key that is good for anything, in bits.
const minRSA = 2048

// Supplied returns the certificate of somebody else's authority with its chain and its key, both PEM.
func Supplied(chain, key string) (*tls.Certificate, error) {
	cert, err := tls.X509KeyPair([]byte(chain), []byte(key))
	if err != nil {
		return nil, err
	}
	if public, ok := cert.Leaf.PublicKey.(*rsa.PublicKey); ok && public.N.BitLen() < minRSA {
		return nil, fmt.Errorf("an RSA key of %d bits is too short, want %d", public.N.BitLen(), minRSA)
	}
	return &cert, nil
}

// Pool returns authorities, as PEM.
func Pool(text string) (*x509.CertPool, error) {
	certs, err := decode(text)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	for _, cert := range certs {
		pool.AddCert(cert)
	}
	return pool, nil
}

// decode returns the certificates of a PEM text, at least one.
func decode(text string) (certs []*x509.Certificate, err error) {
	rest, block := []byte(text), (*pem.Block)(nil)
	for {
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("certificate %d: %w", len(certs)+1, err)
		}
		certs = append(certs, cert)
	}
	if len(certs) == 0 {
		return nil, errors.New("there is no certificate")
	}
	return certs, nil
}

// Check tells what is wrong with what is supplied, texts of which each may be "".
func Check(chain, key, clients string) error {
	var certErr, poolErr error
	if chain != "" {
		if _, err := Supplied(chain, key); err != nil {
			certErr = fmt.Errorf("certificate, key: %w", err)
		}
	}
	if clients != "" {
		if _, err := Pool(clients); err != nil {
			poolErr = fmt.Errorf("clientca: %w", err)
		}
	}
	return errors.Join(certErr, poolErr)
}

// soon is how long before its end a certificate is warned of.
const soon = 30 * 24 * time.Hour

// Warnings tell what may keep clients out of what Check finds nothing wrong with: certificates that are not valid, or soon will not be, and chains in
// which one has not signed the one before. A clock that may be behind, as one that was not set yet, says nothing of what is not valid yet. A warning is the same
// text for as long as it is true.
func Warnings(chain, clients string, at Dates, behind bool) (list []string) {
	now := at.passed()
	for _, supplied := range []struct {
		key, text string
		chain     bool
	}{{"certificate", chain, true}, {"clientca", clients, false}} {
		certs, _ := decode(supplied.text) // errors are Check's
		for i, cert := range certs {
			warn := func(format string, args ...any) {
				list = append(list, fmt.Sprintf(supplied.key+": "+format, args...))
			}
			switch {
			case now.After(cert.NotAfter):
				warn("%s has expired, on %s", calls(cert), day(cert.NotAfter))
			case now.Before(cert.NotBefore) && !behind:
				warn("%s is valid from %s on, which the clock says is to come", calls(cert), day(cert.NotBefore))
			case now.After(cert.NotAfter.Add(-soon)):
				warn("%s expires on %s", calls(cert), day(cert.NotAfter))
			}
			if supplied.chain && i > 0 && certs[i-1].CheckSignatureFrom(cert) != nil {
				warn("%s has not signed %s, before it", calls(cert), calls(certs[i-1]))
			}
		}
	}
	return list
}

// calls is what a certificate calls its owner; many have a host in its place.
func calls(cert *x509.Certificate) string {
	return fmt.Sprintf("%q", cmp.Or(cert.Subject.String(), strings.Join(cert.DNSNames, ", "), "serial number "+cert.SerialNumber.String()))
}

func day(t time.Time) string { return t.UTC().Format(time.DateOnly) }
