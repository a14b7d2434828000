package driversock

import (
	"context"
	"errors"
	"net"
	"os"
	"sync"
	"time"

	"github.com/upscard/upscard/services/parseconf"
	"github.com/upscard/upscard/services/ups"
)

// follower is one connection to a driver.
type follower struct {
	conn    net.Conn
	store   *ups.Store
	opts    FollowOptions
	replica *replica
	lines   lines
	split   parseconf.Splitter
	heard   time.Time // last line of the protocol
	pinged  time.Time
	read    time.Time // last time that the driver vouched for its data
	silent  bool      // for longer than MaxAge

	writing sync.Mutex // held for each write: orders come from other goroutines
}

// run ends with the connection's error, never with nil.
func (f *follower) run(ctx context.Context) error {
	if f.opts.Orders != nil {
		defer f.opts.Orders.leave()
	}
	defer f.conn.Close()
	defer context.AfterFunc(ctx, func() { f.conn.Close() })()
	f.heard = time.Now()
	f.pinged = f.heard
	if err := f.send([]byte("DUMPALL\n")); err != nil {
		return err
	}
	buf := make([]byte, 16<<10)
	for {
		if err := f.conn.SetReadDeadline(f.deadline()); err != nil {
			return err
		}
		n, err := f.conn.Read(buf)
		f.take(buf[:n], time.Now())
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			if err := f.tick(time.Now()); err != nil {
				return err
			}
		case err != nil:
			return err
		}
	}
}

// deadline is when tick has something to do.
func (f *follower) deadline() time.Time {
	t := f.pinged
	if f.heard.After(t) {
		t = f.heard
	}
	t = t.Add(f.opts.MaxAge / 3)
	if stale := f.heard.Add(f.opts.MaxAge); !f.silent && stale.Before(t) {
		return stale
	}
	return t
}

// tick prods a silent driver, or gives it up for stale. The connection stays: the driver may come to itself.
func (f *follower) tick(now time.Time) error {
	if now.Sub(f.heard) >= f.opts.MaxAge && !f.silent {
		f.silent = true
		f.opts.Logger.Warn("driver is silent", "for", f.opts.MaxAge)
		f.publish()
	}
	f.pinged = now
	return f.send([]byte("PING\n"))
}

// take applies what one read returned, then stores one snapshot.
func (f *follower) take(chunk []byte, now time.Time) {
	heard := false
	f.lines.feed(chunk, func(line []byte) {
		words, err := f.split.Split(line)
		heard = err == nil && f.replica.apply(words) || heard
	})
	if !heard {
		return
	}
	f.heard = now
	if f.replica.freshness() == ups.Fresh {
		f.read = now
	}
	if f.replica.changed || f.silent {
		f.silent = false
		f.publish()
	}
	for _, t := range f.replica.results() { // after what they changed
		if f.opts.Orders != nil {
			f.opts.Orders.finish(t.id, t.result)
		}
	}
}

// publish stores a snapshot, except in the middle of the first dump.
func (f *follower) publish() {
	snap := f.replica.snapshot(f.read)
	if snap.Freshness() == ups.Absent {
		return
	}
	if f.silent {
		snap = snap.With(ups.Stale)
	}
	if f.opts.OnData != nil {
		f.opts.OnData()
	}
	if snap.Freshness() == ups.Stale && f.store.Get().Freshness() == ups.Fresh {
		f.opts.Logger.Warn("data are stale", "age", time.Since(f.read).Round(time.Millisecond)) // since the driver vouched for them
	}
	f.store.Set(snap)
	if f.opts.Orders != nil {
		f.opts.Orders.join(f)
	}
}

// send writes a whole line, or fails.
func (f *follower) send(line []byte) error {
	f.writing.Lock()
	defer f.writing.Unlock()
	if err := f.conn.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return err
	}
	_, err := f.conn.Write(line)
	return err
}
