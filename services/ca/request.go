package ca

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/netip"
)

// MaxRequest bounds what Encode of a Request returns, in bytes.
const MaxRequest = 2 << 10

// Request is that of a server without an authority of its own for a certificate (PKCS #10, RFC 2986). It has a key and an address, and no names: those are
// the authority's to give.
type Request struct {
	key   *ecdsa.PublicKey
	Local netip.Addr // at which the server is reached; may be none
}

// encodeRequest returns the request of a key's owner as PEM.
func encodeRequest(key *ecdsa.PrivateKey, local netip.Addr) ([]byte, error) {
	template := new(x509.CertificateRequest)
	if local.IsValid() {
		template.IPAddresses = []net.IP{local.AsSlice()}
	}
	der, err := x509.CreateCertificateRequest(rand.Reader, template, key)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der}), nil
}

// ParseRequest reads a request as PEM. It must be signed by its key, which is of ECDSA P-256, and its address one that a server can have.
func ParseRequest(text []byte) (Request, error) {
	block, rest := pem.Decode(text)
	if block == nil || block.Type != "CERTIFICATE REQUEST" || len(rest) > 0 || len(text) > MaxRequest {
		return Request{}, errors.New("request: want one CERTIFICATE REQUEST as PEM")
	}
	parsed, err := x509.ParseCertificateRequest(block.Bytes)
	if err == nil {
		err = parsed.CheckSignature()
	}
	if err != nil {
		return Request{}, fmt.Errorf("request: %w", err)
	}
	r := Request{}
	key, ok := parsed.PublicKey.(*ecdsa.PublicKey)
	if !ok || key.Curve != elliptic.P256() {
		return Request{}, errors.New("request: the key is none of ECDSA P-256")
	}
	r.key = key
	switch len(parsed.IPAddresses) {
	case 0:
	case 1:
		r.Local, _ = netip.AddrFromSlice(parsed.IPAddresses[0])
		r.Local = r.Local.Unmap()
		if r.Local.IsUnspecified() || r.Local.IsMulticast() {
			return Request{}, fmt.Errorf("request: no server is reached at %v", r.Local)
		}
	default:
		return Request{}, errors.New("request: want one address")
	}
	return r, nil
}

// Grant issues the certificate that is requested, by these names. It returns it and the authority's as PEM.
func (a *Authority) Grant(r Request, names Names, at Dates) ([]byte, error) {
	template := serverTemplate(names, at)
	_, template.NotAfter = at.valid(grantLife)
	cert, err := a.certify(template, r.key)
	if err != nil {
		return nil, err
	}
	return append(CertPEM(cert), CertPEM(a.Cert)...), nil
}

// granted is the certificate that Grant has returned for a key, and its authority's.
func granted(text []byte, key *ecdsa.PrivateKey) (*tls.Certificate, *x509.Certificate, error) {
	cert := &tls.Certificate{PrivateKey: key}
	var parsed []*x509.Certificate
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, nil, err
		}
		parsed = append(parsed, c)
		cert.Certificate = append(cert.Certificate, c.Raw)
	}
	if len(parsed) != 2 {
		return nil, nil, fmt.Errorf("want a certificate and its authority's, got %d", len(parsed))
	}
	cert.Leaf = parsed[0]
	if !key.PublicKey.Equal(cert.Leaf.PublicKey) {
		return nil, nil, errors.New("the certificate is of another key")
	}
	return cert, parsed[1], cert.Leaf.CheckSignatureFrom(parsed[1])
}
