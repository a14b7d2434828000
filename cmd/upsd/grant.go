package main

import (
	"context"
	"io"
	"log/slog"
	"net"
	"path/filepath"
	"time"

	"github.com/upscard/upscard/services/ca"
	"github.com/upscard/upscard/services/program"
)

// grantName is what the socket is called by which tlsshim has its certificates signed: the authority's key stays here. A connection is a request (PKCS #10, PEM) up
// to its end, and the answer the certificate and the authority's, as PEM, or nothing. The names in it are ours to say.
const grantName = "grant"

const (
	grantTimeout = 2 * time.Second       // of a request, to its end
	grantPause   = 20 * time.Millisecond // between two: whoever asks without end takes no more than a part of one processor
)

// grant answers requests, one at a time, until ctx ends.
func grant(ctx context.Context, dir string, s *security, relays program.UIDs, logger *slog.Logger) error {
	ln := listenLocal(ctx, filepath.Join(dir, grantName), logger)
	if ln == nil {
		return nil
	}
	ln.SetUnlinkOnClose(true)
	defer context.AfterFunc(ctx, func() { ln.Close() })()
	defer ln.Close()
	for from := (admitting{ln, relays, logger}); ; {
		conn, err := from.AcceptUnix()
		if ctx.Err() != nil {
			if err == nil {
				conn.Close()
			}
			return nil
		}
		if err == nil {
			err = s.answer(conn)
			conn.Close()
		}
		if err != nil {
			logger.Error("certificate not granted", "err", err)
		}
		s.keep()
		select {
		case <-ctx.Done():
		case <-time.After(grantPause):
		}
	}
}

// answer takes one request.
func (s *security) answer(conn *net.UnixConn) error {
	if err := conn.SetDeadline(time.Now().Add(grantTimeout)); err != nil {
		return err
	}
	text, err := io.ReadAll(io.LimitReader(conn, ca.MaxRequest+1))
	if err != nil {
		return err
	}
	request, err := ca.ParseRequest(text)
	if err != nil {
		return err
	}
	certs, err := s.grant(request)
	if err != nil {
		return err
	}
	_, err = conn.Write(certs)
	return err
}

// grant signs a certificate as the server's own are.
func (s *security) grant(r ca.Request) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	own, err := s.authority()
	if err != nil {
		return nil, err
	}
	return own.Grant(r, ca.CardNames(hostname(), s.names, r.Local), dates())
}
