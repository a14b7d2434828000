package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// request is what a client asks, and how its answer ends.
type request struct {
	text string
	end  string // what the last line begins with or, of apcupsd's protocol, the answer ends with
}

// complete returns the last line of an answer, if that is the end.
func (r request) complete(answer []byte) (last []byte, done bool, err error) {
	switch {
	case r.text[0] == 0: // apcupsd's protocol
		return answer, bytes.HasSuffix(answer, []byte(r.end)), nil
	case answer[len(answer)-1] != '\n':
		return nil, false, nil
	}
	last = answer[bytes.LastIndexByte(answer[:len(answer)-1], '\n')+1:]
	if bytes.HasPrefix(last, []byte("ERR ")) {
		return last, false, fmt.Errorf("%q: %q", r.text, last)
	}
	return last, bytes.HasPrefix(last, []byte(r.end)), nil
}

var (
	getVar   = request{"GET VAR apc ups.status\n", "VAR apc ups.status "}
	getLive  = request{"GET VAR live ups.status\n", "VAR live ups.status "}
	listVar  = request{"LIST VAR apc\n", "END LIST VAR apc"}
	startTLS = request{"STARTTLS\n", "OK STARTTLS"}
	logout   = request{"LOGOUT\n", "OK Goodbye"}
	version  = request{"VER\n", "Network UPS Tools"}
	status   = request{"\x00\x06status", "\n\x00\x00"}
)

// door is a way to come in to a server.
type door func(ctx context.Context) (*client, error)

// plain is the way in without TLS.
func plain(addr string) door {
	return func(ctx context.Context) (*client, error) { return dial(ctx, addr) }
}

// client is one connection of the load.
type client struct {
	conn net.Conn
	buf  []byte
	last []byte          // line of the last answer
	raw  syscall.RawConn // nil: acknowledges as the system likes, else at once
}

// dial connects for as long as ctx says, or some minutes.
func dial(ctx context.Context, addr string) (*client, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	limit, ok := ctx.Deadline()
	if !ok {
		limit = time.Now().Add(10 * patience)
	}
	conn.SetDeadline(limit)
	return &client{conn: conn}, nil
}

// prompt has all that comes acknowledged at once. NUT's upsd waits for that between the lines of a list.
func (c *client) prompt() (err error) {
	c.raw, err = c.conn.(syscall.Conn).SyscallConn()
	return err
}

// ask returns once the answer has come. The memory it takes is the client's until another asks.
func (c *client) ask(r request) error {
	if _, err := io.WriteString(c.conn, r.text); err != nil {
		return err
	}
	if c.buf == nil {
		c.buf = make([]byte, 8<<10)
	}
	for n := 0; ; {
		if c.raw != nil {
			c.raw.Control(func(fd uintptr) { unix.SetsockoptInt(int(fd), unix.SOL_TCP, unix.TCP_QUICKACK, 1) })
		}
		if n == len(c.buf) {
			return fmt.Errorf("%q: the answer is longer than %d bytes", r.text, n)
		}
		more, err := c.conn.Read(c.buf[n:])
		if err != nil {
			return err
		}
		n += more
		last, done, err := r.complete(c.buf[:n])
		if c.last = last; done || err != nil {
			return err
		}
	}
}

// rest gives the memory of answers back.
func (c *client) rest() { c.buf, c.last = nil, nil }

// crowd opens many connections that each have asked once. 64 come in at a time, as fast as they are answered.
func crowd(ctx context.Context, in door, n int, first request) (all []*client, err error) {
	all = make([]*client, n)
	errs := make([]error, 64)
	var wg sync.WaitGroup
	for w := range errs {
		wg.Go(func() {
			for i := w; i < n && errs[w] == nil; i += len(errs) {
				c, err := in(ctx)
				if err == nil {
					err = c.ask(first)
					c.rest()
					all[i] = c
				}
				errs[w] = err
			}
		})
	}
	wg.Wait()
	all = slices.DeleteFunc(all, func(c *client) bool { return c == nil })
	return all, errors.Join(errs...)
}

func disperse(all []*client) {
	for _, c := range all {
		c.conn.Close()
	}
}

// outcome is what came of a load.
type outcome struct {
	took  time.Duration
	times []time.Duration // of each request, sorted
	fails int
}

func (o outcome) perSecond() float64 { return float64(len(o.times)) / o.took.Seconds() }

// at returns the time within which the share of requests was answered.
func (o outcome) at(share float64) time.Duration {
	if len(o.times) == 0 {
		return 0
	}
	return o.times[min(len(o.times)-1, int(share*float64(len(o.times))))]
}

// maxFails is how often a client tries in vain. One that has lost its connection is soon through with it.
const maxFails = 100

// press has n clients do something again and again for a time. The error is one of those that the outcome counts.
func press(ctx context.Context, n int, length time.Duration, begin func() (step func() error, end func(), err error)) (outcome, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var (
		mu    sync.Mutex
		all   outcome
		first error
		wg    sync.WaitGroup
		ready sync.WaitGroup
		start = make(chan struct{})
	)
	ready.Add(n)
	for range n {
		wg.Go(func() {
			step, end, err := begin()
			ready.Done()
			times := make([]time.Duration, 0, 1<<14)
			fails := 0
			if err == nil {
				defer end()
				<-start
				for ctx.Err() == nil {
					at := time.Now()
					if e := step(); e == nil {
						times = append(times, time.Since(at))
					} else if err = cmp.Or(err, e); fails < maxFails {
						fails++
					} else {
						break
					}
				}
			}
			mu.Lock()
			defer mu.Unlock()
			all.times = append(all.times, times...)
			all.fails += fails
			if first == nil {
				first = err
			}
		})
	}
	ready.Wait()
	at := time.Now()
	close(start)
	select {
	case <-time.After(length):
	case <-ctx.Done():
	}
	cancel()
	all.took = time.Since(at)
	wg.Wait()
	slices.Sort(all.times)
	return all, first
}

// entering lets clients that stay come in a few at a time: NUT's upsd has a queue of 16, and one that does not fit waits for long.
var entering = make(chan struct{}, 8)

// asking is a client of press that keeps its connection.
func asking(in door, r request, prompt bool) func() (func() error, func(), error) {
	return func() (func() error, func(), error) {
		entering <- struct{}{}
		defer func() { <-entering }()
		c, err := in(context.Background())
		if err == nil && prompt {
			err = c.prompt()
		}
		if err == nil {
			err = c.ask(r)
		}
		if err != nil {
			return nil, nil, err
		}
		return func() error { return c.ask(r) }, func() { c.conn.Close() }, nil
	}
}

// comingTime is how long one that connects, asks and goes may take.
const comingTime = 3 * time.Second

// coming is a client of press that connects, asks and goes, each time.
func coming(in door, asks ...request) func() (func() error, func(), error) {
	return func() (func() error, func(), error) {
		return func() error {
			ctx, cancel := context.WithTimeout(context.Background(), comingTime)
			defer cancel()
			c, err := in(ctx)
			if err != nil {
				return err
			}
			defer c.conn.Close()
			for _, r := range asks {
				if err := c.ask(r); err != nil {
					return err
				}
			}
			return nil
		}, func() {}, nil
	}
}
