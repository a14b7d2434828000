package main

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/netip"
	"os"

	"github.com/upscard/upscard/services/ca"
	"github.com/upscard/upscard/services/config"
	"github.com/upscard/upscard/services/guests"
	"github.com/upscard/upscard/services/tlsconf"
)

// identity is what clients are shown, and what they are to show.
type identity struct {
	tls      *tls.Config
	supplied *tls.Certificate // nil: upsd's authority signs
	borrowed *ca.Borrowed     // of upsd's authority
}

// newIdentity makes what a configuration says. ask has upsd sign a request.
func newIdentity(cfg *config.Config, o options, ask func([]byte) ([]byte, error)) (*identity, error) {
	borrowed, err := ca.NewBorrowed(ask)
	if err != nil {
		return nil, err
	}
	id := &identity{tls: tlsconf.Server(), borrowed: borrowed}
	if !cfg.TLSShim.Old {
		id.tls.MinVersion = tls.VersionTLS13
	}
	if err := errors.Join(id.show(cfg.TLS, o), id.demand(cfg.TLS)); err != nil {
		return nil, fmt.Errorf("TLS: %w", err)
	}
	return id, nil
}

// show sets what clients are shown.
func (id *identity) show(c config.TLS, o options) (err error) {
	chain, key := c.Certificate, c.Key
	if o.certificate != "" {
		if chain, key, err = read(o.certificate, cmp.Or(o.key, o.certificate)); err != nil {
			return err
		}
	}
	if chain != "" {
		id.supplied, err = ca.Supplied(chain, key)
	}
	id.tls.GetCertificate = func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) { return id.of(localOf(hello)) }
	return err
}

func read(chain, key string) (string, string, error) {
	c, err := os.ReadFile(chain)
	k, e := os.ReadFile(key)
	return string(c), string(k), errors.Join(err, e)
}

// of returns the certificate to show at an address.
func (id *identity) of(local netip.Addr) (*tls.Certificate, error) {
	if id.supplied != nil {
		return id.supplied, nil
	}
	grant, err := id.borrowed.For(local)
	if err != nil {
		return nil, err
	}
	return grant.Cert, nil
}

// demand sets what clients are to show.
func (id *identity) demand(c config.TLS) (err error) {
	switch c.CertRequest {
	case "":
		return nil
	case config.CertRequested:
		id.tls.ClientAuth = tls.VerifyClientCertIfGiven
	case config.CertRequired:
		id.tls.ClientAuth = tls.RequireAndVerifyClientCert
	}
	if c.ClientCA != "" {
		id.tls.ClientCAs, err = ca.Pool(c.ClientCA)
		return err
	}
	id.tls.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		grant, err := id.borrowed.For(localOf(hello))
		if err != nil {
			return nil, err
		}
		demanding := id.tls.Clone()
		demanding.ClientCAs = x509.NewCertPool()
		demanding.ClientCAs.AddCert(grant.Authority)
		return demanding, nil
	}
	return nil
}

// localOf is the address that a client has connected to.
func localOf(hello *tls.ClientHelloInfo) netip.Addr { return guests.Of(hello.Conn.LocalAddr()).IP }
