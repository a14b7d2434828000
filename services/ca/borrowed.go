package ca

import (
	"crypto/ecdsa"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/netip"
	"sync"
	"time"
)

// What an authority elsewhere has granted is shown for so long before it is asked again: so the names follow the card's, and no certificate is ever old.
// While it does not answer, what there is goes on to be shown, and it is asked after each pause.
const (
	grantShown = time.Hour
	grantPause = time.Second
)

// Grant is what an authority elsewhere has granted a server for one of its addresses.
type Grant struct {
	Cert      *tls.Certificate
	Authority *x509.Certificate
}

// Borrowed has the certificates of a server whose authority is another process: one for each address that clients connect to. The key is made here
// and ends with it.
type Borrowed struct {
	ask func(request []byte) ([]byte, error) // the authority
	key *ecdsa.PrivateKey

	mu     sync.Mutex // held while the authority is asked: others want the same
	grants map[netip.Addr]*borrowed
}

// borrowed is the grant for one address, if there is one, and when that is to be asked for again.
type borrowed struct {
	*Grant
	next time.Time
	err  error // of the last question
}

// NewBorrowed returns the certificates of an authority that answers a Request, as Grant does, before long.
func NewBorrowed(ask func(request []byte) ([]byte, error)) (*Borrowed, error) {
	key, err := newKey()
	if err != nil {
		return nil, err
	}
	return &Borrowed{ask: ask, key: key, grants: make(map[netip.Addr]*borrowed)}, nil
}

// For returns the grant for an address, which may be none. It is the same one until there is another.
func (b *Borrowed) For(local netip.Addr) (*Grant, error) {
	local = local.Unmap().WithZone("")
	b.mu.Lock()
	defer b.mu.Unlock()
	known := b.grants[local]
	if known == nil {
		if len(b.grants) >= maxAddresses {
			clear(b.grants)
		}
		known = new(borrowed)
		b.grants[local] = known
	}
	if now := time.Now(); !now.Before(known.next) {
		grant, err := b.request(local)
		known.err = err
		if err == nil {
			known.Grant = grant
			known.next = now.Add(grantShown)
		} else {
			known.next = time.Now().Add(grantPause)
		}
	}
	if known.Grant == nil {
		return nil, known.err
	}
	return known.Grant, nil
}

func (b *Borrowed) request(local netip.Addr) (*Grant, error) {
	text, err := encodeRequest(b.key, local)
	if err != nil {
		return nil, err
	}
	answer, err := b.ask(text)
	if err != nil {
		return nil, fmt.Errorf("no certificate: %w", err)
	}
	cert, authority, err := granted(answer, b.key)
	if err != nil {
		return nil, fmt.Errorf("no certificate: %w", err)
	}
	return &Grant{cert, authority}, nil
}
