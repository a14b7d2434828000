package shim

import (
	"io"
	"iter"

	"github.com/upscard/upscard/services/desks"
)

const (
	// bufferSize is what is carried at a time, in bytes: the most that a record of TLS holds.
	bufferSize = 16 << 10
	// maxIdleDesks is how many desks that nobody uses are kept.
	maxIdleDesks = 32
)

// desk is a buffer, and a stack that has grown to what TLS takes. There are as many as sessions carry something at a time, which are few of those that are
// there: all others wait on the smallest stacks that there are.
type desk struct {
	buf  [bufferSize]byte
	from io.Reader
	to   io.Writer

	carry func() (error, bool) // has run carry all that there is, on its stack
	end   func()
}

func newDesk() *desk {
	d := new(desk)
	d.carry, d.end = iter.Pull(d.run) // switches to the other stack and back without the scheduler, as channels would not
	return d
}

// pass carries all that there is and returns why there is no more.
func (d *desk) pass(from io.Reader, to io.Writer) error {
	d.from, d.to = from, to
	err, _ := d.carry()
	d.from, d.to = nil, nil
	return err
}

func (d *desk) run(yield func(error) bool) {
	for yield(d.copy()) {
	}
}

func (d *desk) copy() error {
	for {
		n, err := d.from.Read(d.buf[:])
		if n > 0 {
			if _, err := d.to.Write(d.buf[:n]); err != nil {
				return err
			}
		}
		if err != nil {
			return err
		}
	}
}

// newDesks are those of a server.
func newDesks() *desks.Pool[*desk] {
	return &desks.Pool[*desk]{New: newDesk, End: func(d *desk) { d.end() }, Most: maxIdleDesks}
}
