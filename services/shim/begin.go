package shim

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"os"
	"time"

	"github.com/upscard/upscard/services/guests"
	"github.com/upscard/upscard/services/proxyproto"
)

const (
	// refusal is what those are told who say anything but STARTTLS, as NUT's server tells those who come in the clear where TLS is required.
	refusal = "ERR ACCESS-DENIED\n"
	// granted is the answer to STARTTLS.
	granted = "OK STARTTLS\n"
)

var errInjected = errors.New("plain text behind STARTTLS")

// hear reads what a client begins with, and reports whether TLS is next.
func (s *Server) hear(client *socket, addr guests.Address) bool {
	var buf [maxFirst]byte
	heard := buf[:0]
	what := unfinished
	for what == unfinished {
		n, err := client.Read(buf[len(heard):])
		heard = buf[:len(heard)+n]
		if what = begun(heard); what == unfinished && err != nil {
			if len(heard) > 0 || errors.Is(err, os.ErrDeadlineExceeded) { // else it only looked whether we are there
				s.failing.Again("addr", addr.Name, "err", err)
			}
			return false
		}
	}
	switch what {
	case handshake:
		client.ahead = append([]byte(nil), heard...)
	case injected:
		s.failing.Again("addr", addr.Name, "err", errInjected)
		return false
	case foreign:
		s.foreign.Again("addr", addr.Name)
		s.refuse(client)
		return false
	}
	if err := s.Certificate(guests.Of(client.LocalAddr()).IP); err != nil {
		s.unserved.Again("addr", addr.Name, "err", err)
		return false
	}
	s.unserved.Well()
	if what == startTLS {
		_, err := io.WriteString(client, granted)
		return err == nil
	}
	return true
}

// refuse tells a client that it is not served. What it goes on to send is read for a moment: otherwise the system would throw away what it was told.
func (s *Server) refuse(client *socket) {
	if client.SetDeadline(time.Now().Add(s.times.refuse)) != nil {
		return
	}
	if _, err := io.WriteString(client, refusal); err != nil || client.CloseWrite() != nil {
		return
	}
	_, _ = io.CopyN(io.Discard, client, 64<<10) // it has been told, whatever comes
}

// secure has a client's handshake done and connects to the server for it. It returns nil if that fails, which is logged.
func (s *Server) secure(ctx context.Context, client *socket, addr guests.Address) *relay {
	over, err := s.shake(client, addr)
	if err != nil {
		if ctx.Err() == nil {
			s.failing.Again("addr", addr.Name, "err", err)
		}
		return nil
	}
	s.failing.Well()
	server, err := s.reach(ctx, client, over.ConnectionState())
	if err != nil {
		if ctx.Err() == nil {
			s.unreached.Again("addr", addr.Name, "err", err)
		}
		_ = over.CloseWrite() // it may be gone
		return nil
	}
	s.unreached.Well()
	return &relay{of: s, client: client, over: over, server: server, addr: addr.Name}
}

// shake does the handshake in its turn.
func (s *Server) shake(client *socket, addr guests.Address) (*tls.Conn, error) {
	leave, err := s.turns.Take(addr.Place, s.times.begin)
	if err != nil {
		return nil, err
	}
	defer leave()
	over := tls.Server(client, s.TLS)
	if err := over.Handshake(); err != nil {
		return nil, err
	}
	return over, client.SetDeadline(time.Time{})
}

// reach connects to the server for a client.
func (s *Server) reach(ctx context.Context, client *socket, state tls.ConnectionState) (*socket, error) {
	ctx, cancel := context.WithTimeout(ctx, s.times.begin)
	defer cancel()
	conn, err := s.Dial(ctx, proxyproto.ClientOf(client, state))
	if err != nil {
		return nil, err
	}
	server, err := newSocket(conn, s)
	if err != nil {
		conn.Close()
		return nil, err
	}
	return server, nil
}
