package nut

import (
	"context"
	"crypto/x509"
	"fmt"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/upscard/upscard/services/guests"
	"github.com/upscard/upscard/services/listen"
)

// Limits bound what clients may take of a Server. What is 0 is not bounded.
type Limits struct {
	Conns      int           // at a time, of all listeners together
	PerAddress int           // of them from one IPv4 address or one IPv6 network of 64 bits, but for the card's own
	Idle       time.Duration // since a client's last request
}

// Server carries sessions over connections.
type Server struct {
	host     *Host
	limits   Limits
	guests   *guests.Door
	unsent   unsent
	troubles troubles

	mu    sync.Mutex
	loops []*loop // that run
}

// NewServer returns a server of the host's UPSes.
func NewServer(host *Host, limits Limits) *Server {
	return &Server{
		host:     host,
		limits:   limits,
		guests:   guests.NewDoor(limits.Conns, limits.PerAddress, host.Logger),
		troubles: newTroubles(host.Logger),
	}
}

// Serve answers the clients of one listener until ctx ends; it closes the listener and every connection it took. Several
// may run at once.
func (s *Server) Serve(ctx context.Context, ln *net.TCPListener) error {
	l, err := newLoop(s, ln, func(addr string) *Session { return NewSession(s.host, addr) })
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.loops = append(s.loops, l)
	s.mu.Unlock()
	err = l.run(ctx)
	s.mu.Lock()
	s.loops = slices.DeleteFunc(s.loops, func(other *loop) bool { return other == l })
	s.mu.Unlock()
	return err
}

// Ask returns nil once each loop that waits for clients has turned.
func (s *Server) Ask(ctx context.Context) error {
	s.mu.Lock()
	loops := slices.Clone(s.loops)
	s.mu.Unlock()
	for _, l := range loops {
		if err := l.ask(ctx); err != nil {
			return err
		}
	}
	return nil
}

// ServeTrusted answers the clients of a listener on the card itself until ctx ends, who are known to be the named user, and who may do everything. It closes
// the listener and every connection it took.
func (s *Server) ServeTrusted(ctx context.Context, ln net.Listener, user string) error {
	return s.serveAll(ctx, ln, func(net.Conn, string) *Session { return NewTrustedSession(s.host, user) })
}

// Secured is a connection whose client has come over TLS, which somebody else on this machine has ended. RemoteAddr is the client's address.
type Secured interface {
	net.Conn
	Secured() (bool, *x509.Certificate) // the certificate was verified; nil for none
}

// ServeSecured answers the clients of a listener whose connections are Secured, as Serve and ServeTrusted do.
func (s *Server) ServeSecured(ctx context.Context, ln net.Listener) error {
	return s.serveAll(ctx, ln, func(conn net.Conn, addr string) *Session {
		session := NewSession(s.host, addr)
		if over, cert := conn.(Secured).Secured(); over {
			session.peer = peerOf(cert)
		}
		return session
	})
}

// serveAll gives each client a goroutine.
func (s *Server) serveAll(ctx context.Context, ln net.Listener, open func(conn net.Conn, addr string) *Session) error {
	desks := newDesks()
	defer desks.Close()
	var clients connections
	defer clients.serving.Wait()
	defer clients.close()
	defer context.AfterFunc(ctx, func() { ln.Close() })()
	defer ln.Close()
	for {
		conn, err := ln.Accept()
		switch {
		case ctx.Err() != nil:
			if err == nil {
				conn.Close()
			}
			return nil
		case listen.IsTransient(err):
			s.troubles.accept.Again("err", err)
			time.Sleep(listen.Rest)
			continue
		case err != nil:
			return fmt.Errorf("listener %s: %w", ln.Addr(), err)
		}
		s.troubles.accept.Well()
		addr := guests.Of(conn.RemoteAddr())
		if !s.guests.Admit(addr) {
			conn.Close()
			continue
		}
		clients.serve(newClient(s, desks, conn, open(conn, addr.Name)))
	}
}

// connections are those of one listener that have a goroutine each.
type connections struct {
	serving sync.WaitGroup
	mu      sync.Mutex
	open    map[net.Conn]struct{}
}

// serve returns at once.
func (c *connections) serve(one *client) {
	conn := one.conn
	c.add(conn)
	c.serving.Go(func() {
		one.serve()
		c.remove(conn)
		one.leave()
	})
}

func (c *connections) add(conn net.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.open == nil {
		c.open = make(map[net.Conn]struct{})
	}
	c.open[conn] = struct{}{}
}

func (c *connections) remove(conn net.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.open, conn)
}

// close ends all sessions, which may not have noticed it yet.
func (c *connections) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for conn := range c.open {
		conn.Close()
	}
}
