package ca

import (
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
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
	pool := x509.NewCertPool()
	rest, block := []byte(text), (*pem.Block)(nil)
	for n := 1; ; n++ {
		if block, rest = pem.Decode(rest); block == nil {
			if n == 1 {
				return nil, errors.New("there is no certificate")
			}
			return pool, nil
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("certificate %d: %w", n, err)
		}
		pool.AddCert(cert)
	}
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
