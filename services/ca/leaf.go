package ca

import (
	"crypto/ecdsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"net"
	"net/netip"
	"strings"

	"github.com/upscard/upscard/services/lazyre"
)

// Names are what a server is called by its clients, by name and by address.
type Names struct {
	Hosts []string // the first one is its common name
	Addrs []netip.Addr
}

// hostPattern is what may stand for a host in a certificate: letters, digits, hyphens and points.
var hostPattern = lazyre.New(`^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$`)

// CardNames are a card's: its host name as it is, and as mDNS has it, then more names and addresses, then the one that it is reached at.
func CardNames(host string, more []string, local netip.Addr) Names {
	var n Names
	if hostPattern.MatchString(host) {
		label, _, _ := strings.Cut(host, ".")
		n.Hosts = append(n.Hosts, host)
		if mdns := label + ".local"; mdns != host {
			n.Hosts = append(n.Hosts, mdns)
		}
	}
	given := NamesOf(more)
	n.Hosts, n.Addrs = append(n.Hosts, given.Hosts...), given.Addrs
	if local.IsValid() {
		n.Addrs = append(n.Addrs, local)
	}
	return n
}

// NamesOf tells names and addresses apart.
func NamesOf(words []string) (n Names) {
	for _, word := range words {
		if addr, err := netip.ParseAddr(word); err == nil {
			n.Addrs = append(n.Addrs, addr)
		} else {
			n.Hosts = append(n.Hosts, word)
		}
	}
	return n
}

// Server issues the certificate of a server.
func (a *Authority) Server(names Names, at Dates) (*tls.Certificate, error) {
	key, err := newKey()
	if err != nil {
		return nil, err
	}
	return a.server(key, names, at)
}

func (a *Authority) server(key *ecdsa.PrivateKey, names Names, at Dates) (*tls.Certificate, error) {
	return a.issue(serverTemplate(names, at), key)
}

func serverTemplate(names Names, at Dates) *x509.Certificate {
	template := &x509.Certificate{
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames:    names.Hosts,
	}
	if len(names.Hosts) > 0 {
		template.Subject = pkix.Name{CommonName: commonName(names.Hosts[0])}
	}
	for _, addr := range names.Addrs {
		template.IPAddresses = append(template.IPAddresses, net.IP(addr.Unmap().WithZone("").AsSlice()))
	}
	template.NotBefore, template.NotAfter = at.valid(serverLife)
	return template
}

// Client issues the certificate of a client by a name, of at most 64 bytes.
func (a *Authority) Client(name string, at Dates) (*tls.Certificate, error) {
	key, err := newKey()
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		Subject:     pkix.Name{CommonName: name},
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	template.NotBefore, template.NotAfter = at.valid(clientLife)
	return a.issue(template, key)
}

func (a *Authority) issue(template *x509.Certificate, key *ecdsa.PrivateKey) (*tls.Certificate, error) {
	cert, err := a.certify(template, &key.PublicKey)
	if err != nil {
		return nil, err
	}
	return &tls.Certificate{Certificate: [][]byte{cert.Raw, a.Cert.Raw}, PrivateKey: key, Leaf: cert}, nil
}

// certify signs a certificate, which ends no later than the authority's.
func (a *Authority) certify(template *x509.Certificate, public *ecdsa.PublicKey) (*x509.Certificate, error) {
	if template.NotAfter.After(a.Cert.NotAfter) {
		template.NotAfter = a.Cert.NotAfter
	}
	template.BasicConstraintsValid = true
	return sign(template, a.Cert, public, a.key)
}

// commonName is a name cut to what a certificate's subject may hold (RFC 5280, ub-common-name).
func commonName(name string) string { return name[:min(len(name), 64)] }
