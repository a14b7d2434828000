package shim

import (
	"errors"
	"io"
	"net"
	"os"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/upscard/upscard/services/desks"
	"github.com/upscard/upscard/services/sockio"
)

const (
	// maxUnsent bounds the memory in bytes of all that waits for peers to read.
	maxUnsent = 8 << 20
	// held is the memory in bytes of what waits for one: a buffer, and a record of TLS made of it.
	held = 2 * bufferSize
)

// errDeaf ends connections to those who do not read.
var errDeaf = errors.New("does not read")

// again says that there is nothing to be read yet. TLS goes on after it, as after any error that is temporary.
type again struct{}

func (again) Error() string   { return "nothing to be read yet" }
func (again) Timeout() bool   { return true }
func (again) Temporary() bool { return true }

var _ net.Error = again{}

// Stream is a connection that can be closed in one direction: TCP's, or that of a unix socket.
type Stream interface {
	net.Conn
	syscall.Conn
	CloseWrite() error
}

// socket is one end of a relay. Of each of its methods one call runs at a time.
type socket struct {
	Stream
	raw      syscall.RawConn
	unsent   *atomic.Int64 // bytes, of all sockets
	desks    *desks.Pool[*desk]
	patience time.Duration // with a peer that does not read

	ahead []byte // read before anybody asked

	receives  bool    // Read does not wait
	fd        uintptr // of which it then reads
	from      io.Reader
	to        io.Writer
	failed    error
	receiving func(fd uintptr) bool // tryReceive

	rest    []byte // of what is written
	err     error
	writing func(fd uintptr) bool // tryWrite
}

func newSocket(conn Stream, of *Server) (*socket, error) {
	raw, err := conn.SyscallConn()
	s := &socket{Stream: conn, raw: raw, unsent: &of.unsent, patience: of.times.write, desks: of.desks}
	s.receiving, s.writing = s.tryReceive, s.tryWrite
	return s, err
}

// Read implements net.Conn. While something is received it returns again instead of waiting.
func (s *socket) Read(b []byte) (int, error) {
	switch {
	case len(s.ahead) > 0:
		n := copy(b, s.ahead)
		if s.ahead = s.ahead[n:]; len(s.ahead) == 0 {
			s.ahead = nil
		}
		return n, nil
	case !s.receives:
		return s.Stream.Read(b)
	}
	n, err := sockio.Read(s.fd, b)
	switch {
	case err == syscall.EAGAIN:
		return 0, again{}
	case err != 0:
		return 0, err
	case n == 0:
		return 0, io.EOF
	}
	return n, nil
}

// receive carries what comes, as from reads it of the socket, until its end, an error or the read deadline.
func (s *socket) receive(from io.Reader, to io.Writer) error {
	s.from, s.to = from, to
	err := s.raw.Read(s.receiving)
	if s.failed == (again{}) {
		return err
	}
	return s.failed
}

// tryReceive carries what is there, and reports false if more is to be waited for. No memory is held meanwhile.
func (s *socket) tryReceive(fd uintptr) bool {
	at := s.desks.Take()
	s.receives, s.fd = true, fd
	s.failed = at.pass(s.from, s.to)
	s.receives = false
	s.desks.Put(at)
	return s.failed != again{}
}

// Write implements net.Conn. A peer that does not read is waited for, for a while, while not too much waits.
func (s *socket) Write(b []byte) (int, error) {
	s.rest, s.err = b, nil
	err := s.raw.Write(s.writing)
	rest := s.rest
	s.rest = nil
	if err = errors.Join(err, s.err); err != nil || len(rest) == 0 {
		return len(b) - len(rest), err
	}
	defer s.unsent.Add(-held)
	if s.unsent.Add(held) > maxUnsent {
		return len(b) - len(rest), errDeaf
	}
	if err := s.SetWriteDeadline(time.Now().Add(s.patience)); err != nil {
		return len(b) - len(rest), err
	}
	n, err := s.Stream.Write(rest)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		err = errDeaf
	}
	if err == nil {
		err = s.SetWriteDeadline(time.Time{})
	}
	return len(b) - len(rest) + n, err
}

func (s *socket) tryWrite(fd uintptr) bool {
	n, err := sockio.Write(fd, s.rest)
	s.rest = s.rest[n:]
	if err != 0 && err != syscall.EAGAIN {
		s.err = err
	}
	return true
}
