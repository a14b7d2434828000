package nut

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"slices"

	"github.com/upscard/upscard/services/guests"
)

// Security is how sessions are secured. Its zero value has none that are.
type Security struct {
	Config   *tls.Config // nil: STARTTLS is refused; must have GetCertificate
	Required bool        // in the clear nothing is to be had but STARTTLS
}

// Secure says how sessions are secured from now on. Those that are secured already stay so.
func (h *Host) Secure(s Security) {
	if s.Config != nil {
		config := s.Config.Clone()
		config.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
			if isOutdated(hello, config) {
				h.outdated.note(guests.Of(hello.Conn.RemoteAddr()).IP)
			}
			return nil, nil // that is, config
		}
		s.Config = config
	}
	h.security.Store(&s)
}

// isOutdated reports whether a client has no version or no cipher of TLS that is good.
func isOutdated(hello *tls.ClientHelloInfo, config *tls.Config) bool {
	offer := *hello
	offer.ServerName = "" // is not in question here
	cert, err := config.GetCertificate(hello)
	return err == nil && offer.SupportsCertificate(cert) != nil
}

func (h *Host) secured() Security {
	if s := h.security.Load(); s != nil {
		return *s
	}
	return Security{}
}

// startTLS is STARTTLS. What follows it is a handshake.
func (s *Session) startTLS([][]byte) {
	security := s.host.secured()
	switch {
	case s.peer != nil:
		s.err(errAlreadySSLMode)
	case s.trusted || security.Config == nil, !security.Required && s.host.outdated.take(s.ip):
		s.err(errFeatureNotConfigured)
	default:
		s.say("OK STARTTLS")
		s.starting = true
	}
}

// secure tells the session that from now on it is that of the peer over TLS. Whatever was said before may have been said by
// somebody on the way: it is forgotten (as RFC 3207, 4.2 has it for SMTP).
func (s *Session) secure(peer *peer) {
	s.Close()
	*s = Session{host: s.host, addr: s.addr, ip: s.ip, peer: peer}
}

// allowed reports whether the client may use a command as things are, or answers with an error.
func (s *Session) allowed(name string) bool {
	if s.peer != nil || s.trusted || !s.host.secured().Required || slices.Contains(always, name) {
		return true
	}
	s.err(errAccessDenied)
	return false
}

// always are the commands that tell nothing of a UPS.
var always = []string{"STARTTLS", "VER", "NETVER", "PROTVER", "HELP", "LOGOUT", "DETACH"}

// peer is the client at the other end of TLS.
type peer struct {
	names       []string // in its certificate, which was verified
	fingerprint string   // of that, "" without one
}

func newPeer(state tls.ConnectionState) *peer {
	if len(state.VerifiedChains) == 0 {
		return peerOf(nil)
	}
	return peerOf(state.PeerCertificates[0])
}

// peerOf is one who has shown a certificate, which was verified; nil for none.
func peerOf(cert *x509.Certificate) *peer {
	if cert == nil {
		return new(peer)
	}
	return &peer{append([]string{cert.Subject.CommonName}, cert.DNSNames...), Fingerprint(cert)}
}

// Fingerprint is the SHA-256 of a certificate as User.Cert has it, 64 hexadecimal digits.
func Fingerprint(cert *x509.Certificate) string {
	sum := sha256.Sum256(cert.Raw)
	return hex.EncodeToString(sum[:])
}

// has reports whether the client has shown the certificate that is described as in User.Cert.
func (p *peer) has(cert string) bool {
	return p != nil && cert != "" && (p.fingerprint == cert || slices.Contains(p.names, cert))
}

// prove looks for the user whom the session has named. One with a certificate is nobody to those who cannot show it, and needs no
// password unless he has one.
func (s *Session) prove(all *accounts) (*account, verdict) {
	a := all.byName[s.username]
	switch {
	case a == nil || a.cert == "":
	case !s.peer.has(a.cert):
		if !s.host.Users.guesses.take(s.ip) {
			return nil, unheard
		}
		return nil, wrong
	case a.right.isNone():
		return a, right
	}
	return s.host.Users.verify(all, s.username, s.password, s.ip)
}
