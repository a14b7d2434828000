package nut

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"syscall"
	"time"
)

// MaxConns is a good bound for the connections of all listeners together, where file descriptors allow.
const MaxConns = 4096

const (
	// writeTimeout is how long a client may leave its socket full before it is dropped.
	writeTimeout = 10 * time.Second
	// maxKept is the largest buffer, in bytes, that is kept for further answers.
	maxKept = 64 << 10
)

// Server carries sessions over connections.
type Server struct {
	host    *Host
	slots   chan struct{}
	replies sync.Pool // of *[]byte
	full    trouble
	failing trouble // accept(2)
}

// NewServer returns a server of the host's UPSes to at most maxConns clients at a time.
func NewServer(host *Host, maxConns int) *Server {
	return &Server{
		host:    host,
		slots:   make(chan struct{}, maxConns),
		replies: sync.Pool{New: func() any { return new([]byte) }},
		full:    trouble{logger: host.Logger, what: "connections refused: too many"},
		failing: trouble{logger: host.Logger, what: "connections cannot be accepted"},
	}
}

// Serve answers the clients of one listener until ctx ends; it closes the listener and every connection it took. Several
// may run at once.
func (s *Server) Serve(ctx context.Context, ln net.Listener) error {
	return s.serveAll(ctx, ln, func(conn net.Conn) *Session { return NewSession(s.host, clientAddr(conn.RemoteAddr())) })
}

// ServeTrusted is Serve for a listener whose clients are known to be the named user, who may do everything.
func (s *Server) ServeTrusted(ctx context.Context, ln net.Listener, user string) error {
	return s.serveAll(ctx, ln, func(net.Conn) *Session { return NewTrustedSession(s.host, user) })
}

func (s *Server) serveAll(ctx context.Context, ln net.Listener, open func(net.Conn) *Session) error {
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	defer ln.Close()
	defer context.AfterFunc(ctx, func() { ln.Close() })()
	for {
		conn, err := ln.Accept()
		switch {
		case ctx.Err() != nil:
			if err == nil {
				conn.Close()
			}
			return nil
		case isTransient(err):
			s.failing.again("err", err)
			time.Sleep(50 * time.Millisecond)
			continue
		case err != nil:
			return fmt.Errorf("listener %s: %w", ln.Addr(), err)
		}
		s.failing.well()
		select {
		case s.slots <- struct{}{}:
			s.full.well()
			wg.Go(func() {
				defer func() { <-s.slots }()
				s.serve(ctx, conn, open(conn))
			})
		default:
			s.full.again("addr", conn.RemoteAddr(), "limit", cap(s.slots))
			conn.Close()
		}
	}
}

// isTransient reports whether accepting may work again in a moment.
func isTransient(err error) bool {
	for _, e := range []error{syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM, syscall.ECONNABORTED} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// serve runs one session. A client may be idle for ever: the system's keep-alives find out who is gone.
func (s *Server) serve(ctx context.Context, conn net.Conn, session *Session) {
	raw := conn
	defer func() { conn.Close() }()
	defer context.AfterFunc(ctx, func() { raw.Close() })()
	defer session.Close()
	in := make([]byte, 1024)
	for {
		n, err := conn.Read(in)
		if !s.answer(conn, session, in[:n]) || err != nil {
			return
		}
		if session.starting {
			if conn, err = session.upgrade(raw); err != nil {
				return
			}
		}
	}
}

// answer feeds a session with what was read, one write for each batch of answers, and reports whether it goes on.
func (s *Server) answer(conn net.Conn, session *Session, data []byte) bool {
	buf := s.replies.Get().(*[]byte)
	defer func() {
		if cap(*buf) <= maxKept {
			s.replies.Put(buf)
		}
	}()
	for len(data) > 0 {
		reply, rest, open := session.Take((*buf)[:0], data)
		*buf, data = reply, rest
		if len(reply) > 0 {
			if err := conn.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
				return false
			}
			if _, err := conn.Write(reply); err != nil {
				return false
			}
		}
		if !open {
			return false
		}
	}
	return true
}

// clientAddr is the address as LIST CLIENT shows it: no port, and IPv4 as such on a socket that takes both.
func clientAddr(addr net.Addr) string {
	ap, err := netip.ParseAddrPort(addr.String())
	if err != nil {
		return addr.String()
	}
	return ap.Addr().Unmap().String()
}
