package shim

import (
	"crypto/tls"
	"errors"
	"io"
	"sync/atomic"
	"time"
)

// relay carries bytes between a client over TLS and the server. A goroutine for each direction only waits, in few and small frames and without a buffer, so that
// its stack stays as small as stacks are; whatever takes more is done at a desk.
type relay struct {
	of     *Server
	client *socket
	over   *tls.Conn // client
	server *socket
	addr   string

	ending atomic.Bool  // all is to end
	ended  atomic.Int32 // directions
	stop   func() bool  // releases what would interrupt it
	leave  func()       // is called once both have ended
}

// interrupt ends the session in order: the client is told so.
func (r *relay) interrupt() {
	r.ending.Store(true)
	r.server.Close()
	_ = r.client.SetWriteDeadline(time.Now().Add(time.Second)) // fails where it is closed
}

func (r *relay) close() {
	r.client.Close()
	r.server.Close()
}

// up carries what the client says.
func (r *relay) up() {
	if err := r.client.receive(r.over, r.server); !isEnd(err) {
		r.abort(err)
	} else if r.server.CloseWrite() != nil || r.server.SetReadDeadline(r.limit()) != nil {
		r.close()
	}
	r.finish()
}

// down carries what the server says. The client is told when that is all.
func (r *relay) down() {
	if err := r.server.receive(r.server, r.over); !isEnd(err) && !r.ending.Load() {
		r.abort(err)
	} else if r.over.CloseWrite() != nil || r.client.CloseWrite() != nil || r.client.SetReadDeadline(r.limit()) != nil || r.ending.Load() {
		r.close()
	}
	r.finish()
}

// limit is until when one direction may go on once the other has come to its end.
func (r *relay) limit() time.Time { return time.Now().Add(r.of.times.linger) }

func (r *relay) abort(err error) {
	if errors.Is(err, errDeaf) {
		r.of.deaf.Again("addr", r.addr)
	}
	r.close()
}

// finish takes the end of one direction.
func (r *relay) finish() {
	if r.ended.Add(1) == 2 {
		r.stop()
		r.close()
		r.leave()
	}
}

// isEnd reports whether an error is the end of what a peer says. One that closes its connection without a word of TLS has ended too: NUT's clients do.
func isEnd(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}
