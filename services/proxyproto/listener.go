package proxyproto

import (
	"context"
	"crypto/x509"
	"errors"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/upscard/upscard/services/trouble"
)

// Limits of connections that have not told of their client. A relay tells at once.
const (
	greetTimeout = 5 * time.Second
	maxGreeting  = 64 // at a time; others wait
)

// Conn is a relay's connection for one client, whose address is RemoteAddr.
type Conn struct {
	*net.UnixConn
	client Client
}

// RemoteAddr implements net.Conn.
func (c *Conn) RemoteAddr() net.Addr { return net.TCPAddrFromAddrPort(c.client.From) }

// Secured reports whether the client is at the other end of TLS, and the certificate that it has shown, nil for none. The certificate can be asked for once:
// connections are many, and it is large.
func (c *Conn) Secured() (bool, *x509.Certificate) {
	cert := c.client.Cert
	c.client.Cert = nil
	return c.client.TLS != "", cert
}

// UnixListener is what a Listener takes relays from.
type UnixListener interface {
	AcceptUnix() (*net.UnixConn, error)
	Close() error
	Addr() net.Addr
}

// Listener is a socket for relays. Accept returns a *Conn once its relay has told of the client.
type Listener struct {
	from    UnixListener
	failing trouble.Trouble

	greeted  chan *Conn
	errs     chan error
	closed   context.Context
	close    func() error
	greeting sync.WaitGroup
}

// Listen takes relays from ln, which it closes.
func Listen(ln UnixListener, logger *slog.Logger) *Listener {
	closed, cancel := context.WithCancel(context.Background())
	l := &Listener{from: ln, failing: trouble.Trouble{Logger: logger, What: "relay dropped"},
		greeted: make(chan *Conn), errs: make(chan error), closed: closed}
	l.close = sync.OnceValue(func() error {
		cancel()
		err := ln.Close()
		l.greeting.Wait()
		return err
	})
	l.greeting.Go(l.take)
	return l
}

// take accepts connections until the listener is closed.
func (l *Listener) take() {
	turns := make(chan struct{}, maxGreeting)
	for {
		conn, err := l.from.AcceptUnix()
		if err != nil {
			select {
			case l.errs <- err:
				continue
			case <-l.closed.Done():
				return
			}
		}
		turns <- struct{}{}
		l.greeting.Go(func() {
			defer func() { <-turns }()
			l.greet(conn)
		})
	}
}

// greet reads a connection's header and hands it over.
func (l *Listener) greet(conn *net.UnixConn) {
	client, err := l.read(conn)
	if err != nil {
		conn.Close()
		if l.closed.Err() == nil {
			l.failing.Again("err", err)
		}
		return
	}
	l.failing.Well()
	select {
	case l.greeted <- &Conn{conn, client}:
	case <-l.closed.Done():
		conn.Close()
	}
}

func (l *Listener) read(conn *net.UnixConn) (Client, error) {
	if err := conn.SetReadDeadline(time.Now().Add(greetTimeout)); err != nil {
		return Client{}, err
	}
	defer context.AfterFunc(l.closed, func() { conn.Close() })()
	client, err := Read(conn)
	return client, errors.Join(err, conn.SetReadDeadline(time.Time{}))
}

// Accept implements net.Listener.
func (l *Listener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.greeted:
		return conn, nil
	case err := <-l.errs:
		return nil, err
	case <-l.closed.Done():
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener. Those who have not told of their client are dropped.
func (l *Listener) Close() error { return l.close() }

// Addr implements net.Listener.
func (l *Listener) Addr() net.Addr { return l.from.Addr() }
