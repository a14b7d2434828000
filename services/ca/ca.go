// Package ca issues certificates (X.509, RFC 5280) for a card and its clients.
package ca

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
	"time"
)

// How long certificates last, from the day they are made. A client learns of a new authority's certificate by hand, so half of its life
// must be enough for that. A server's is made anew whenever it is wanted; its life is for a card whose clock is far behind its clients'.
const (
	authorityLife = 20 * year
	serverLife    = 5 * year
	clientLife    = 10 * year
	grantLife     = year // a server's whose key is another process's, which asks again all the time

	year = 365 * 24 * time.Hour
)

// MaxText bounds what Encode returns, in bytes.
const MaxText = 4 << 10

// Authority signs certificates. Its key stays the same for ever: who trusts one of its certificates trusts what any of them has signed.
type Authority struct {
	Cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// Dates are when something is made. Build is a date that has passed everywhere, Now what the clock says, which may be unset.
type Dates struct{ Build, Now time.Time }

// valid is the time in which a certificate is valid that lasts so long.
func (d Dates) valid(life time.Duration) (from, to time.Time) {
	return d.Build.UTC().Truncate(time.Second), d.passed().Add(life).UTC().Truncate(time.Second)
}

// passed is the latest time that is known to have passed.
func (d Dates) passed() time.Time {
	if d.Now.Before(d.Build) {
		return d.Build
	}
	return d.Now
}

// isDue reports whether more than half of a certificate's life is over.
func (d Dates) isDue(cert *x509.Certificate, life time.Duration) bool {
	_, to := d.valid(life / 2)
	return cert.NotAfter.Before(to)
}

// New makes an authority with a key of its own.
func New(at Dates) (*Authority, error) {
	key, err := newKey()
	if err != nil {
		return nil, err
	}
	return certify(key, at)
}

func newKey() (*ecdsa.PrivateKey, error) { return ecdsa.GenerateKey(elliptic.P256(), rand.Reader) }

// certify makes the certificate of an authority's key. Its name is like no other authority's: clients that trust several cards tell
// them apart by it.
func certify(key *ecdsa.PrivateKey, at Dates) (*Authority, error) {
	public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		return nil, err
	}
	id := sha256.Sum256(public)
	template := &x509.Certificate{
		Subject:               pkix.Name{CommonName: "upscard CA " + hex.EncodeToString(id[:4])},
		SubjectKeyId:          id[:20],
		AuthorityKeyId:        id[:20],
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		IsCA:                  true,
		MaxPathLenZero:        true,
		BasicConstraintsValid: true,
	}
	template.NotBefore, template.NotAfter = at.valid(authorityLife)
	cert, err := sign(template, template, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	return &Authority{cert, key}, nil
}

func sign(template, parent *x509.Certificate, public *ecdsa.PublicKey, by *ecdsa.PrivateKey) (*x509.Certificate, error) {
	der, err := x509.CreateCertificate(rand.Reader, template, parent, public, by)
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(der)
}

// Renewed returns the authority with a certificate for some more years if its own is due, else as it is.
func (a *Authority) Renewed(at Dates) (*Authority, error) {
	if !at.isDue(a.Cert, authorityLife) {
		return a, nil
	}
	return certify(a.key, at)
}

// Encode returns the key and the certificate as PEM. Whoever has it can be the card.
func (a *Authority) Encode() []byte { return append(keyPEM(a.key), CertPEM(a.Cert)...) }

// KeyPEM returns the key of a certificate of Server or Client as PEM.
func KeyPEM(cert *tls.Certificate) []byte { return keyPEM(cert.PrivateKey.(*ecdsa.PrivateKey)) }

func keyPEM(key *ecdsa.PrivateKey) []byte {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		panic(err) // of a curve that there is not
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

// CertPEM returns a certificate as PEM.
func CertPEM(cert *x509.Certificate) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw})
}

// Parse reads what Encode returned.
func Parse(text []byte) (*Authority, error) {
	if len(text) > MaxText {
		return nil, fmt.Errorf("more than %d bytes", MaxText)
	}
	first, rest := pem.Decode(text)
	second, _ := pem.Decode(rest)
	if first == nil || second == nil {
		return nil, errors.New("want a key and a certificate, as PEM")
	}
	parsed, err := x509.ParsePKCS8PrivateKey(first.Bytes)
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(second.Bytes)
	if err != nil {
		return nil, err
	}
	key, ok := parsed.(*ecdsa.PrivateKey)
	switch {
	case !ok || key.Curve != elliptic.P256():
		return nil, errors.New("the key is none of ECDSA P-256")
	case !key.PublicKey.Equal(cert.PublicKey):
		return nil, errors.New("the certificate is of another key")
	case !cert.IsCA:
		return nil, errors.New("the certificate is no authority's")
	}
	return &Authority{cert, key}, nil
}

// Fingerprint is the SHA-256 of a certificate as openssl prints it.
func Fingerprint(cert *x509.Certificate) string {
	sum := sha256.Sum256(cert.Raw)
	pairs := make([]string, len(sum))
	for i, b := range sum {
		pairs[i] = fmt.Sprintf("%02X", b)
	}
	return strings.Join(pairs, ":")
}
