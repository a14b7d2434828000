// Package shim speaks TLS in front of a server of NUT's protocol, as RFC 9271 has it.
package shim

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/upscard/upscard/services/desks"
	"github.com/upscard/upscard/services/guests"
	"github.com/upscard/upscard/services/listen"
	"github.com/upscard/upscard/services/proxyproto"
	"github.com/upscard/upscard/services/trouble"
)

// Limits bound what clients may take. What is 0 is not bounded.
type Limits struct {
	Conns      int // at a time, of all listeners together
	PerAddress int // of them from one IPv4 address or one IPv6 network of 64 bits, but for the machine's own
}

// Handshakes that are not finished, each of which may hold 64 KB.
const (
	maxHandshakes   = 512 // at a time; others wait
	maxHandshakesOf = 128 // from one place, waiting or not
)

// times are how long clients may take.
type times struct {
	begin  time.Duration // from the first byte of TCP to the last of the handshake
	write  time.Duration // to read, while their socket is full
	linger time.Duration // for one direction, once the other has come to its end
	refuse time.Duration // to read why they are not served
}

var standard = times{begin: 10 * time.Second, write: 10 * time.Second, linger: 10 * time.Second, refuse: time.Second}

// Config is what a Server needs.
type Config struct {
	Limits Limits
	TLS    *tls.Config

	// Certificate tells whether there is one for clients who have connected to an address. Without one they are sent away before they have said anything.
	Certificate func(local netip.Addr) error
	// Dial connects to the server for a client.
	Dial func(context.Context, proxyproto.Client) (Stream, error)

	Logger *slog.Logger
}

// Server takes clients over TLS and carries what they say to the server behind it.
type Server struct {
	Config
	guests *guests.Door
	turns  *guests.Turns
	unsent atomic.Int64
	desks  *desks.Pool[*desk]
	times  times

	accept, foreign, failing, unserved, unreached, deaf trouble.Trouble
}

// New returns a server.
func New(c Config) *Server {
	because := func(what string) trouble.Trouble { return trouble.Trouble{Logger: c.Logger, What: what} }
	return &Server{
		Config:    c,
		guests:    guests.NewDoor(c.Limits.Conns, c.Limits.PerAddress, c.Logger),
		desks:     newDesks(),
		times:     standard,
		turns:     guests.NewTurns(maxHandshakes, maxHandshakesOf),
		accept:    because("connections cannot be accepted"),
		foreign:   because("clients refused: they begin with neither TLS nor STARTTLS"),
		failing:   because("TLS not begun"),
		unserved:  because("clients sent away: there is no certificate"),
		unreached: because("clients dropped: the server is not to be reached"),
		deaf:      because("clients dropped: they do not read"),
	}
}

// Serve takes the clients of one listener, whose connections are Streams, until ctx ends; it closes the listener and every connection it took. Several
// may run at once.
func (s *Server) Serve(ctx context.Context, ln net.Listener) error {
	ctx, cancel := context.WithCancel(ctx)
	var serving sync.WaitGroup
	defer s.desks.Close()
	defer serving.Wait()
	defer cancel()
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
			s.accept.Again("err", err)
			time.Sleep(listen.Rest)
			continue
		case err != nil:
			return fmt.Errorf("listener %s: %w", ln.Addr(), err)
		}
		s.accept.Well()
		addr := guests.Of(conn.RemoteAddr())
		if !s.guests.Admit(addr) {
			conn.Close()
			continue
		}
		serving.Go(func() { s.serve(ctx, &serving, conn.(Stream), addr) })
	}
}

// serve begins with one client, and has it carried if that succeeds.
func (s *Server) serve(ctx context.Context, serving *sync.WaitGroup, conn Stream, addr guests.Address) {
	leave := func() { s.guests.Leave(addr.Place) }
	r := s.begin(ctx, conn, addr)
	if r == nil {
		conn.Close()
		leave()
		return
	}
	r.leave = leave
	r.stop = context.AfterFunc(ctx, r.interrupt)
	serving.Go(r.up) // stacks of their own: this one has grown to what a handshake takes
	serving.Go(r.down)
}

// begin makes a relay of a connection, nil if there is none to be.
func (s *Server) begin(ctx context.Context, conn Stream, addr guests.Address) *relay {
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	client, err := newSocket(conn, s)
	if err == nil {
		err = conn.SetDeadline(time.Now().Add(s.times.begin))
	}
	if err != nil || !s.hear(client, addr) {
		return nil
	}
	return s.secure(ctx, client, addr)
}
