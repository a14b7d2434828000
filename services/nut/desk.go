package nut

import (
	"iter"
	"syscall"

	"github.com/upscard/upscard/services/desks"
	"github.com/upscard/upscard/services/sockio"
)

const (
	// maxIdleDesks is how many desks that nobody uses are kept.
	maxIdleDesks = 64
	// maxKept is the largest buffer, in bytes, that is kept for further answers.
	maxKept = 64 << 10
	// deskBuffer is how much is read at once, in bytes.
	deskBuffer = 1024
)

// desk is a stack that has grown to what answers take, with the buffers for them. There are as many as clients are being answered at a time,
// which are few of those that are connected.
type desk struct {
	in  [deskBuffer]byte
	n   int // bytes of in
	out []byte

	taking taking // of the session that answers

	unsent  []byte // of the answer, while it is sent
	err     error
	sending func(fd uintptr) bool // send

	client *client
	answer func() (open, ok bool) // has run answer the client's request, on its stack
	end    func()
}

func newDesk() *desk {
	d := new(desk)
	d.sending = d.send
	d.answer, d.end = iter.Pull(d.run) // switches to the other stack and back without the scheduler, as channels would not
	return d
}

// serve has what is in answered for the client, and reports whether its session goes on.
func (d *desk) serve(c *client) bool {
	d.client = c
	open, _ := d.answer()
	d.client, d.n = nil, 0
	return open
}

func (d *desk) run(yield func(open bool) bool) {
	for goesOn := true; goesOn; {
		open := d.client.answer(d)
		if cap(d.out) > maxKept {
			d.out = nil
		}
		goesOn = yield(open)
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
	n, err := sockio.Write(fd, d.unsent)
	d.unsent, d.err = d.unsent[n:], nil
	if err != 0 && err != syscall.EAGAIN {
		d.err = err
	}
	return true
}

// newDesks are those of one listener.
func newDesks() *desks.Pool[*desk] {
	return &desks.Pool[*desk]{New: newDesk, End: func(d *desk) { d.end() }, Most: maxIdleDesks}
}
