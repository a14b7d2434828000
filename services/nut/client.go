package nut

import (
	"errors"
	"net"
	"os"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/upscard/upscard/services/desks"
	"github.com/upscard/upscard/services/guests"
	"github.com/upscard/upscard/services/sockio"
)

const (
	// writeTimeout is how long a client may leave its socket full before it is dropped.
	writeTimeout = 10 * time.Second
	// lineTimeout is how long a client may take from one end of a line to the next, once that has begun.
	lineTimeout = time.Minute
	// maxUnsent bounds the memory in bytes of all answers that wait for their clients to read.
	maxUnsent = 8 << 20
)

// unsent is the memory of answers that wait for their clients to read.
type unsent struct{ bytes atomic.Int64 }

func (u *unsent) take(n int) bool {
	if u.bytes.Add(int64(n)) <= maxUnsent {
		return true
	}
	u.give(n)
	return false
}

func (u *unsent) give(n int) { u.bytes.Add(int64(-n)) }

// client is one connection. Its goroutine only ever waits, in few and small frames, so that its stack stays as small as stacks are; whatever
// takes more is done at a desk.
type client struct {
	server  *Server
	desks   *desks.Pool[*desk]
	session *Session
	begun   *begun // nil once it is done with

	conn    net.Conn
	raw     syscall.RawConn  // of conn; nil: conn is no socket, and must be read to know whether there is anything
	own     *[ownBuffer]byte // what conn is read into then
	receive func(fd uintptr) bool

	desk *desk // holds what raw has received, until it is answered
	err  error // of receive

	limited  bool   // the wait has an end
	lines    uint32 // that the session had when it was last waited for
	unending bool   // what is waited for is the end of a line
}

// begun is what a client has asked before it became one.
type begun struct {
	owed  []byte // of the answer
	ahead []byte // what came behind that, at most what fits on a desk
}

func newClient(s *Server, d *desks.Pool[*desk], conn net.Conn, session *Session) *client {
	c := &client{server: s, desks: d, session: session}
	c.receive = c.tryReceive
	c.carry(conn)
	return c
}

// ownBuffer is what a connection that is no socket holds while it waits, in bytes.
const ownBuffer = 512

// carry has the session go on over conn. It may be called while an answer is made, and holds from the next request.
func (c *client) carry(conn net.Conn) {
	c.conn, c.raw, c.own = conn, nil, nil
	if socket, ok := conn.(syscall.Conn); ok {
		if raw, err := socket.SyscallConn(); err == nil {
			c.raw = raw
			return
		}
	}
	c.own = new([ownBuffer]byte)
}

// serve returns when the client has gone, or is to go.
func (c *client) serve() {
	defer c.rise()
	if c.begun != nil {
		c.sit()
		c.desk.n = copy(c.desk.in[:], c.begun.ahead)
		if !c.goOn() {
			return
		}
	}
	for {
		if err := c.limit(); err != nil {
			return
		}
		err := c.wait()
		if c.desk != nil && c.desk.n > 0 && !c.goOn() {
			return
		}
		if err != nil {
			if errors.Is(err, os.ErrDeadlineExceeded) {
				c.tellLate()
			}
			return
		}
	}
}

// goOn answers what is at the desk, and reports whether the session goes on.
func (c *client) goOn() bool {
	return c.desk.serve(c) && (!c.session.starting || c.secure())
}

// secure has the session go on over TLS, and reports whether it does. No desk is held meanwhile: a handshake may take its time.
func (c *client) secure() bool {
	c.rise()
	conn, err := c.session.upgrade(c.conn)
	if err != nil {
		return false
	}
	c.carry(conn)
	return true
}

// leave undoes all that the client had.
func (c *client) leave() {
	c.session.Close()
	c.conn.Close()
	c.server.guests.Leave(guests.At(c.session.ip).Place)
}

// wait returns when there is something at the desk, or never will be.
func (c *client) wait() error {
	if c.raw == nil {
		c.rise()
		n, err := c.conn.Read(c.own[:])
		if n > 0 {
			c.sit()
			c.desk.n = copy(c.desk.in[:], c.own[:n])
		}
		return err
	}
	if err := c.raw.Read(c.receive); err != nil {
		return err
	}
	return c.err
}

// tryReceive reads from the socket, and reports false if there is nothing yet. No memory is held meanwhile.
func (c *client) tryReceive(fd uintptr) bool {
	c.sit()
	n, err := sockio.Read(fd, c.desk.in[:])
	if n > 0 {
		c.desk.n, c.err = n, nil
		return true
	}
	c.rise()
	if err == syscall.EAGAIN {
		return false
	}
	if c.err = net.ErrClosed; err != 0 { // else the client closed it
		c.err = err
	}
	return true
}

// sit takes a desk, unless there is one left from the request before.
func (c *client) sit() {
	if c.desk == nil {
		c.desk = c.desks.Take()
	}
}

// rise puts the desk back, if there is one.
func (c *client) rise() {
	if c.desk != nil {
		c.desks.Put(c.desk)
		c.desk = nil
	}
}

// limit sets how long to wait for the next bytes. A client may be idle for ever, unless it is configured otherwise: the system's keep-alives
// find out who is gone.
func (c *client) limit() error {
	unending, same := c.session.length > 0, c.session.lines == c.lines
	c.lines = c.session.lines
	if unending && c.unending && same {
		return nil // still the same line
	}
	c.unending = unending
	var wait time.Duration
	switch {
	case unending:
		wait = lineTimeout
	case c.server.limits.Idle > 0:
		wait = c.server.limits.Idle
	case !c.limited:
		return nil
	default:
		c.limited = false
		return c.conn.SetReadDeadline(time.Time{})
	}
	c.limited = true
	return c.conn.SetReadDeadline(time.Now().Add(wait))
}

func (c *client) tellLate() {
	if c.unending {
		c.server.troubles.slow.Again("addr", c.session.addr)
	} else {
		c.server.troubles.idle.Again("addr", c.session.addr)
	}
}

// answer feeds the session with what is at the desk, one write for each batch of answers, and reports whether it goes on.
func (c *client) answer(d *desk) bool {
	if first := c.begun; first != nil {
		d.out, c.begun = first.owed, nil
		if len(d.out) > 0 && !c.send(d, d.out) || c.session.closed {
			return false
		}
	}
	for data := d.in[:d.n]; len(data) > 0; {
		reply, rest, open := c.session.take(&d.taking, d.out[:0], data)
		d.out, data = reply, rest
		if len(reply) > 0 && !c.send(d, reply) {
			return false
		}
		if !open {
			if c.session.length > maxJunk {
				c.server.troubles.junk.Again("addr", c.session.addr)
			}
			return false
		}
	}
	return true
}

// send writes an answer. A client that does not read is waited for, for a while, while not too much waits.
func (c *client) send(d *desk, reply []byte) bool {
	if c.raw != nil {
		rest, err := d.trySend(c.raw, reply)
		if err != nil || len(rest) == 0 {
			return err == nil
		}
		reply = rest
	}
	held := cap(d.out)
	if !c.server.unsent.take(held) {
		c.server.troubles.deaf.Again("addr", c.session.addr)
		return false
	}
	defer c.server.unsent.give(held)
	if err := c.conn.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return false
	}
	_, err := c.conn.Write(reply)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		c.server.troubles.deaf.Again("addr", c.session.addr)
	}
	if err == nil {
		err = c.conn.SetWriteDeadline(time.Time{})
	}
	return err == nil
}
