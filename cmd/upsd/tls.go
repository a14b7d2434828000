package main

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/upscard/upscard/services/ca"
	"github.com/upscard/upscard/services/clock"
	"github.com/upscard/upscard/services/config"
	"github.com/upscard/upscard/services/nut"
	"github.com/upscard/upscard/services/storage"
	"github.com/upscard/upscard/services/tlsconf"
)

// caFile is the file of the authority's key and certificate.
const caFile = "ca"

// security makes what a configuration says of TLS.
type security struct {
	logger *slog.Logger
	file   *storage.File // of the card's own authority, nil: it ends with the process

	mu     sync.Mutex
	names  []string      // in the card's own certificates, besides those that it knows of
	own    *ca.Authority // nil while it was not needed
	unkept bool

	supplied config.TLS // in force, for its certificates
	warned   []string   // of them
}

// newSecurity is called before anything is written to the directory of the state, "" for none.
func newSecurity(state string, logger *slog.Logger) *security {
	s := &security{logger: logger}
	if state == "" {
		return s
	}
	file, err := openState(state, caFile, ca.MaxText)
	if err != nil {
		logger.Error("clients will not know the card's authority after a restart", "err", err)
		return s
	}
	s.file = file
	return s
}

// dates are what certificates are made by: the clock may not be set yet.
func dates() ca.Dates { return ca.Dates{Build: clock.Build(), Now: time.Now()} }

// watchEvery is how often the certificates that are supplied are looked at: the clock may be set at any time.
const watchEvery = time.Hour

// watch tells what has become of the certificates that are supplied, each thing once. What the card makes itself is renewed before there is anything to tell.
// At the start the clock may be behind.
func (s *security) watch(at ca.Dates, behind bool) {
	list := ca.Warnings(s.supplied.Certificate, s.supplied.ClientCA, at, behind)
	for _, warning := range list {
		if !slices.Contains(s.warned, warning) {
			s.logger.Warn("TLS: " + warning)
		}
	}
	s.warned = list
}

// of returns what the sessions need. Nothing is written yet: it may take as long as the disk takes.
func (s *security) of(c config.TLS) (nut.Security, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.names = c.Names
	if c.StartTLS == "" {
		s.supplied, s.warned = c, nil // for tlsshim, if at all
		s.watch(dates(), true)
		return nut.Security{}, nil
	}
	secure := nut.Security{Config: tlsconf.Server(), Required: c.StartTLS == config.TLSRequired}
	if err := errors.Join(s.server(secure.Config, c), s.clients(secure.Config, c)); err != nil {
		return nut.Security{}, fmt.Errorf("TLS: %w", err)
	}
	s.supplied, s.warned = c, nil
	s.logger.Info("TLS", "starttls", c.StartTLS, "certrequest", cmp.Or(c.CertRequest, "no"), "authority", s.fingerprint())
	s.watch(dates(), true)
	return secure, nil
}

// fingerprint is for the owner, who compares it with what a client has seen.
func (s *security) fingerprint() string {
	if s.own == nil {
		return "not the card's"
	}
	return ca.Fingerprint(s.own.Cert)
}

// server sets what the card shows to clients.
func (s *security) server(t *tls.Config, c config.TLS) error {
	if c.Certificate != "" {
		cert, err := ca.Supplied(c.Certificate, c.Key)
		t.GetCertificate = func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return cert, nil }
		return err
	}
	own, err := s.authority()
	if err != nil {
		return err
	}
	keyring, err := ca.NewKeyring(own, c.Names, hostname, dates)
	if err != nil {
		return err
	}
	t.GetCertificate = keyring.Certificate
	return nil
}

// clients sets what clients are to show.
func (s *security) clients(t *tls.Config, c config.TLS) (err error) {
	switch c.CertRequest {
	case "":
		return nil
	case config.CertRequested:
		t.ClientAuth = tls.VerifyClientCertIfGiven
	case config.CertRequired:
		t.ClientAuth = tls.RequireAndVerifyClientCert
	}
	if c.ClientCA != "" {
		t.ClientCAs, err = ca.Pool(c.ClientCA)
		return err
	}
	own, err := s.authority()
	if err != nil {
		return err
	}
	t.ClientCAs = x509.NewCertPool()
	t.ClientCAs.AddCert(own.Cert)
	return nil
}

// authority returns the card's own, from its file or new. Of one that cannot be read clients know nothing afterwards: those that check will
// not come in, all others are served.
func (s *security) authority() (*ca.Authority, error) {
	if s.own != nil {
		return s.own, nil
	}
	known := s.load()
	own, err := known, error(nil)
	if known == nil {
		own, err = ca.New(dates())
	} else if renewed, e := known.Renewed(dates()); e == nil {
		own = renewed
	}
	s.own, s.unkept = own, own != known
	return own, err
}

// load returns what the file has, nil for nothing.
func (s *security) load() *ca.Authority {
	if s.file == nil {
		return nil
	}
	known, reading, err := storage.Load(s.file, ca.Parse)
	if err == nil {
		err = reading.Reason
	}
	if err != nil {
		s.logger.Error("what is kept of the card's authority is damaged", "read", reading.Version, "err", err)
	}
	return known
}

// keep writes an authority that is new.
func (s *security) keep() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.file == nil || !s.unkept {
		return
	}
	s.unkept = false
	if err := s.file.Save(s.own.Encode()); err != nil {
		s.logger.Error("clients will not know the card's authority after a restart", "err", err)
	}
}

// hostname is the machine's name; init sets it.
func hostname() string {
	name, err := os.Hostname()
	if err != nil {
		return "upscard"
	}
	return name
}
