package nut

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"syscall"
	"time"

	"github.com/upscard/upscard/services/desks"
	"github.com/upscard/upscard/services/guests"
	"github.com/upscard/upscard/services/listen"
	"github.com/upscard/upscard/services/sockio"
	"golang.org/x/sys/unix"
)

// loop accepts the clients of one TCP listener, and serves those who only ask for what is in memory: one goroutine waits for all their sockets,
// so that a connection costs no more than its session, and a request three system calls. Who wants more (TLS, a login, an order), does not end a
// line or does not read becomes a client with a goroutine of its own, for good. So nothing keeps the loop, and it needs no clock.
type loop struct {
	server  *Server
	open    func(addr string) *Session
	clients *connections // with a goroutine
	desks   *desks.Pool[*desk]

	poll     *poller
	listener int
	addr     net.Addr
	resting  time.Time  // until when the listener is left alone; zero: it is not
	asking   []*Session // by descriptor: the connections without a goroutine

	in     [deskBuffer]byte
	out    []byte
	taking taking

	turned chan struct{} // capacity 1
}

// newLoop takes the listener over: Go's own poller is not to hear of its clients.
func newLoop(s *Server, ln *net.TCPListener, open func(addr string) *Session) (*loop, error) {
	defer ln.Close()
	raw, err := ln.SyscallConn()
	if err != nil {
		return nil, err
	}
	l := &loop{server: s, open: open, clients: new(connections), desks: newDesks(), listener: -1, addr: ln.Addr(), turned: make(chan struct{}, 1)}
	e := raw.Control(func(fd uintptr) {
		if l.listener, err = unix.FcntlInt(fd, unix.F_DUPFD_CLOEXEC, 0); err == nil {
			err = unix.SetsockoptInt(l.listener, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1) // which connections inherit
		}
	})
	if e != nil || err != nil {
		unix.Close(l.listener)
		return nil, fmt.Errorf("listener %s: %w", ln.Addr(), errors.Join(e, err))
	}
	if l.poll, err = newPoller(); err != nil {
		unix.Close(l.listener)
		return nil, err
	}
	return l, nil
}

// run serves until ctx ends, and then closes every connection.
func (l *loop) run(ctx context.Context) error {
	defer l.desks.Close()
	defer l.clients.serving.Wait()
	defer l.clients.close()
	defer l.close()
	defer context.AfterFunc(ctx, l.poll.wake)()
	if err := l.poll.add(l.listener); err != nil {
		return err
	}
	for {
		wait := time.Duration(0)
		if !l.resting.IsZero() {
			wait = listen.Rest
		}
		events, err := l.poll.wait(wait)
		if err != nil {
			return err
		}
		if !l.resting.IsZero() && !time.Now().Before(l.resting) { // however busy those are who are there
			l.resting = time.Time{}
			if err := l.poll.add(l.listener); err != nil {
				return err
			}
		}
		for i := range events {
			switch fd := int(events[i].Fd); fd {
			case l.poll.alarm:
				l.poll.calm()
				if ctx.Err() != nil {
					return nil
				}
				select {
				case l.turned <- struct{}{}:
				default:
				}
			case l.listener:
				if err := l.accept(); err != nil {
					return fmt.Errorf("listener %s: %w", l.addr, err)
				}
			default:
				l.read(fd)
			}
		}
	}
}

// close ends all connections that have no goroutine.
func (l *loop) close() {
	for fd, session := range l.asking {
		if session != nil {
			l.drop(fd, session)
		}
	}
	unix.Close(l.listener)
	l.poll.close()
}

// ask returns nil once the loop has turned.
func (l *loop) ask(ctx context.Context) error {
	select {
	case <-l.turned: // for an earlier question that nobody waited for
	default:
	}
	l.poll.wake()
	select {
	case <-l.turned:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// accept lets one client in.
func (l *loop) accept() error {
	fd, from, err := unix.Accept4(l.listener, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC)
	switch {
	case err == unix.EAGAIN || err == unix.EINTR:
		return nil
	case listen.IsTransient(err):
		l.server.troubles.accept.Again("err", err)
		l.poll.remove(l.listener)
		l.resting = time.Now().Add(listen.Rest)
		return nil
	case err != nil:
		return err
	}
	l.server.troubles.accept.Well()
	addr := guests.At(sockaddrIP(from))
	if !l.server.guests.Admit(addr) {
		unix.Close(fd)
		return nil
	}
	session := l.open(addr.Name)
	if l.server.limits.Idle > 0 { // which takes a clock
		l.promote(fd, session, nil, nil)
		return nil
	}
	if err := l.poll.add(fd); err != nil {
		l.end(fd, session)
		return nil
	}
	if fd >= len(l.asking) {
		l.asking = slices.Grow(l.asking, fd+1-len(l.asking))[:fd+1]
	}
	l.asking[fd] = session
	return nil
}

// read takes what has come on a connection.
func (l *loop) read(fd int) {
	session := l.asking[fd]
	if session == nil {
		return
	}
	n, err := sockio.Read(uintptr(fd), l.in[:])
	switch {
	case n > 0:
		l.take(fd, session, l.in[:n])
	case err != syscall.EAGAIN:
		l.drop(fd, session)
	}
}

// take answers what has come.
func (l *loop) take(fd int, session *Session, data []byte) {
	if !session.isQuick(data) {
		l.promote(fd, session, nil, data)
		return
	}
	for len(data) > 0 {
		reply, rest, open := session.take(&l.taking, l.out[:0], data)
		l.out, data = reply, rest
		n, err := sockio.Write(uintptr(fd), reply)
		switch {
		case err != 0 && err != syscall.EAGAIN, n == len(reply) && !open:
			l.drop(fd, session)
			return
		case n < len(reply):
			l.promote(fd, session, reply[n:], data)
			return
		}
	}
	if cap(l.out) > maxKept {
		l.out = nil
	}
}

// promote gives a connection a goroutine, which first sends what is owed and then answers what has come already.
func (l *loop) promote(fd int, session *Session, owed, ahead []byte) {
	if fd < len(l.asking) && l.asking[fd] == session {
		l.poll.remove(fd)
		l.asking[fd] = nil
	}
	conn, err := adopt(fd)
	if err != nil {
		l.server.troubles.accept.Again("err", err)
		session.Close()
		l.server.guests.Leave(guests.At(session.ip).Place)
		return
	}
	c := newClient(l.server, l.desks, conn, session)
	c.begun = &begun{bytes.Clone(owed), bytes.Clone(ahead)}
	l.clients.serve(c)
}

// adopt makes a connection of Go's of a descriptor, which it closes.
func adopt(fd int) (net.Conn, error) {
	file := os.NewFile(uintptr(fd), "")
	defer file.Close()
	conn, err := net.FileConn(file) // with another descriptor
	if err != nil {
		return nil, err
	}
	if err := conn.(*net.TCPConn).SetKeepAliveConfig(listen.KeepAlive); err != nil { // FileConn has set what it thinks right
		conn.Close()
		return nil, err
	}
	return conn, nil
}

// drop ends a connection.
func (l *loop) drop(fd int, session *Session) {
	l.asking[fd] = nil
	l.end(fd, session)
}

func (l *loop) end(fd int, session *Session) {
	unix.Close(fd) // and so it is no more waited for
	session.Close()
	l.server.guests.Leave(guests.At(session.ip).Place)
}

// sockaddrIP is the address of a client. An interface that it belongs to is told by number: to look for the name takes a socket.
func sockaddrIP(from unix.Sockaddr) netip.Addr {
	switch from := from.(type) {
	case *unix.SockaddrInet4:
		return netip.AddrFrom4(from.Addr)
	case *unix.SockaddrInet6:
		ip := netip.AddrFrom16(from.Addr).Unmap()
		if from.ZoneId != 0 {
			ip = ip.WithZone(strconv.FormatUint(uint64(from.ZoneId), 10))
		}
		return ip
	}
	return netip.Addr{}
}
