package shim

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"sync"
	"time"
)

// bufferSize is what is carried at a time, in bytes: the most that a record of TLS holds.
const bufferSize = 16 << 10

var buffers = sync.Pool{New: func() any { return new([bufferSize]byte) }}

// relay carries bytes between a client over TLS and the server.
type relay struct {
	client *socket
	over   *tls.Conn // client
	server *socket
	linger time.Duration // of one direction, once the other has come to its end
}

// run returns once both directions have come to their end, with what has ended them otherwise. Each goroutine only waits while nothing comes, in few and small frames
// and without a buffer, so that its stack shrinks to the smallest there is.
func (r *relay) run(ctx context.Context) error {
	defer r.close()
	defer context.AfterFunc(ctx, func() {
		r.server.Close()
		_ = r.client.SetWriteDeadline(time.Now().Add(time.Second)) // fails where it is closed
	})()
	down := make(chan error)
	go func() { down <- r.down(ctx) }()
	up := r.up()
	return errors.Join(up, <-down)
}

func (r *relay) close() {
	r.client.Close()
	r.server.Close()
}

// up carries what the client says.
func (r *relay) up() error {
	err := r.client.receive(func() error { return pass(r.over, r.server) })
	if !isEnd(err) {
		r.close()
		return err
	}
	return errors.Join(r.server.CloseWrite(), r.server.SetReadDeadline(time.Now().Add(r.linger)))
}

// down carries what the server says. The client is told when that is all, or when ctx ends.
func (r *relay) down(ctx context.Context) error {
	err := r.server.receive(func() error { return pass(r.server, r.over) })
	if ctx.Err() != nil {
		defer r.close()
	} else if !isEnd(err) {
		r.close()
		return err
	}
	return errors.Join(r.over.CloseWrite(), r.client.CloseWrite(), r.client.SetReadDeadline(time.Now().Add(r.linger)))
}

// pass carries all that there is.
func pass(from io.Reader, to io.Writer) error {
	buf := buffers.Get().(*[bufferSize]byte)
	defer buffers.Put(buf)
	for {
		n, err := from.Read(buf[:])
		if n > 0 {
			if _, err := to.Write(buf[:n]); err != nil {
				return err
			}
		}
		if err != nil {
			return err
		}
	}
}

// isEnd reports whether an error is the end of what a peer says. One that closes its connection without a word of TLS has ended too: NUT's clients do.
func isEnd(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}
