package ca

import (
	"crypto/ecdsa"
	"crypto/tls"
	"net"
	"net/netip"
	"slices"
	"sync"
)

// maxAddresses bounds the certificates that are kept. One is made in a millisecond.
const maxAddresses = 64

// Keyring has the certificates of a server at whatever address it is reached: each connection is shown one for the address that its client
// has connected to. So nobody needs to know what addresses there are, or when they change.
type Keyring struct {
	authority *Authority
	more      []string      // names, addresses
	host      func() string // the name of the machine, which may change
	dates     func() Dates
	key       *ecdsa.PrivateKey

	mu    sync.Mutex
	certs map[netip.Addr]*issued
}

type issued struct {
	names Names
	cert  *tls.Certificate
}

// NewKeyring returns certificates of an authority. Their key ends with the keyring.
func NewKeyring(a *Authority, more []string, host func() string, dates func() Dates) (*Keyring, error) {
	key, err := newKey()
	if err != nil {
		return nil, err
	}
	return &Keyring{authority: a, more: more, host: host, dates: dates, key: key, certs: make(map[netip.Addr]*issued)}, nil
}

// For returns the certificate for the address, which may be none.
func (k *Keyring) For(local netip.Addr) (*tls.Certificate, error) {
	local = local.Unmap().WithZone("")
	names, at := CardNames(k.host(), k.more, local), k.dates()
	k.mu.Lock()
	defer k.mu.Unlock()
	if known := k.certs[local]; known != nil && slices.Equal(known.names.Hosts, names.Hosts) && !at.isDue(known.cert.Leaf, serverLife) {
		return known.cert, nil
	}
	cert, err := k.authority.server(k.key, names, at)
	if err != nil {
		return nil, err
	}
	if len(k.certs) >= maxAddresses {
		clear(k.certs)
	}
	k.certs[local] = &issued{names, cert}
	return cert, nil
}

// Certificate is for tls.Config.GetCertificate.
func (k *Keyring) Certificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	var local netip.Addr
	if tcp, ok := hello.Conn.LocalAddr().(*net.TCPAddr); ok {
		local = tcp.AddrPort().Addr()
	}
	return k.For(local)
}
