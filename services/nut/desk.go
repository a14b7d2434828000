package nut

import (
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

const (
	// maxIdleDesks is how many desks nobody uses are kept.
	maxIdleDesks = 64
	// maxKept is the largest buffer, in bytes, that is kept for further answers.
	maxKept = 64 << 10
)

// desk is a goroutine whose stack has grown to what answers take, with the buffers for them. There are as many as clients are being
// answered at a time, which are few of those that are connected.
type desk struct {
	in  [1024]byte
	n   int // bytes of in
	out []byte

	unsent  []byte // of the answer, while it is sent
	err     error
	sending func(fd uintptr) bool // send

	next chan *client
	done chan bool // the session goes on
}

// serve has what is in answered for the client.
func (d *desk) serve(c *client) bool {
	d.next <- c
	return <-d.done
}

func (d *desk) run() {
	for c := range d.next {
		open := c.answer(d)
		if cap(d.out) > maxKept {
			d.out = nil
		}
		d.done <- open
	}
}

// trySend writes what the socket takes at once, and returns the rest.
func (d *desk) trySend(raw syscall.RawConn, reply []byte) (rest []byte, err error) {
	d.unsent = reply
	if err := raw.Write(d.sending); err != nil {
		return nil, err
	}
	return d.unsent, d.err
}

func (d *desk) send(fd uintptr) bool {
	for {
		n, err := unix.Write(int(fd), d.unsent)
		switch err {
		case unix.EINTR:
			continue
		case unix.EAGAIN:
			d.err = nil
			return true
		}
		d.unsent, d.err = d.unsent[max(n, 0):], err
		return true
	}
}

// desks are those of one listener.
type desks struct {
	running sync.WaitGroup
	idle    chan *desk
}

func newDesks() *desks { return &desks{idle: make(chan *desk, maxIdleDesks)} }

// take returns a desk that is to be put back.
func (d *desks) take() *desk {
	select {
	case free := <-d.idle:
		return free
	default:
		made := &desk{next: make(chan *client), done: make(chan bool)}
		made.sending = made.send
		d.running.Go(made.run)
		return made
	}
}

func (d *desks) put(used *desk) {
	select {
	case d.idle <- used:
	default:
		close(used.next)
	}
}

// close ends the desks, all of which must have been put back.
func (d *desks) close() {
	close(d.idle)
	for free := range d.idle {
		close(free.next)
	}
	d.running.Wait()
}
