package nut

import (
	"crypto/tls"
	"errors"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/upscard/upscard/services/guests"
	"github.com/upscard/upscard/services/trouble"
)

// Limits of what has begun to become TLS. One that is half open may hold 64 KB.
const (
	handshakeTimeout = 10 * time.Second
	maxHandshakes    = 512 // at a time; others wait
	maxHandshakesOf  = 128 // from one IPv4 address or one IPv6 network, but for the card's own
)

// handshakes are those of a host that are not finished.
type handshakes struct {
	turns   *guests.Turns
	failing trouble.Trouble
}

// starts are the host's handshakes.
func (h *Host) starts() *handshakes {
	h.startsOnce.Do(func() {
		h.handshakes.turns = guests.NewTurns(maxHandshakes, maxHandshakesOf)
		h.handshakes.failing = trouble.Trouble{Logger: h.Logger, What: "TLS not begun"}
	})
	return &h.handshakes
}

var (
	errInjected = errors.New("plain text behind STARTTLS")
	errOff      = errors.New("it was switched off")
)

// injected ends a session whose STARTTLS has plain text behind it. Somebody on the way may have written that, and it must not count as
// something that came over TLS.
func (s *Session) injected() {
	s.closed = true
	s.host.starts().failing.Again("addr", s.addr, "err", errInjected)
}

// upgrade carries a session that has answered STARTTLS over to TLS and returns the connection to use in the place of conn. On an error,
// which is logged, conn is to be closed.
func (s *Session) upgrade(conn net.Conn) (net.Conn, error) {
	starts := s.host.starts()
	secured, err := starts.shake(conn, s.host.secured().Config, s.ip)
	if err != nil {
		starts.failing.Again("addr", s.addr, "err", err)
		return conn, err
	}
	starts.failing.Well()
	s.secure(newPeer(secured.ConnectionState()))
	return secured, nil
}

func (h *handshakes) shake(conn net.Conn, config *tls.Config, ip netip.Addr) (*tls.Conn, error) {
	if config == nil {
		return nil, errOff
	}
	leave, err := h.turns.Take(guests.At(ip).Place, handshakeTimeout)
	if err != nil {
		return nil, err
	}
	defer leave()
	if err := conn.SetDeadline(time.Now().Add(handshakeTimeout)); err != nil {
		return nil, err
	}
	secured := tls.Server(conn, config)
	done := make(chan error)
	go func() { done <- secured.Handshake() }() // on a stack of its own: it takes 16 KB, which the session would keep
	if err := <-done; err != nil {
		return nil, err
	}
	return secured, conn.SetDeadline(time.Time{})
}

// pardon is how long a client that knows no TLS but outdated ones has to come again.
const pardon = time.Minute

// outdated are the addresses of clients that begin TLS unasked and know none that is good. NUT's clients of that age go on in the clear when
// STARTTLS is refused, but not when the handshake fails, and their machines would not be shut down. So one failure makes for one refusal.
// It takes nothing from those who insist on TLS: they come again. Where TLS is optional, who can forge a failure can forge a refusal.
type outdated struct {
	mu sync.Mutex
	by map[netip.Addr]time.Time // of the failure
}

const maxOutdated = 1024

func (o *outdated) note(ip netip.Addr) {
	o.mu.Lock()
	defer o.mu.Unlock()
	now := time.Now()
	if len(o.by) >= maxOutdated {
		for at, since := range o.by {
			if now.Sub(since) > pardon {
				delete(o.by, at)
			}
		}
	}
	if len(o.by) >= maxOutdated {
		return
	}
	if o.by == nil {
		o.by = make(map[netip.Addr]time.Time)
	}
	o.by[ip.WithZone("")] = now
}

// take reports, once, whether the last handshake of the address failed a moment ago.
func (o *outdated) take(ip netip.Addr) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	ip = ip.WithZone("") // a number here, a name there
	since, ok := o.by[ip]
	delete(o.by, ip)
	return ok && time.Since(since) <= pardon
}
