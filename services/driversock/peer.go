package driversock

import (
	"context"
	"log/slog"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/upscard/upscard/services/parseconf"
	"github.com/upscard/upscard/services/ups"
)

// peer is one connection at the driver's end. One goroutine reads and answers, another pushes changes.
type peer struct {
	conn    net.Conn
	store   *ups.Store
	handler Handler
	log     *slog.Logger
	split   parseconf.Splitter // the reading goroutine's

	mu    sync.Mutex    // held for each write
	sent  *ups.Snapshot // what the other end knows
	muted bool          // NOBROADCAST
}

func newPeer(conn net.Conn, store *ups.Store, h Handler, log *slog.Logger) *peer {
	return &peer{conn: conn, store: store, handler: h, log: log, sent: store.Get()}
}

// run serves until the other end leaves, stops reading, or ctx ends.
func (p *peer) run(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	defer p.conn.Close()
	defer context.AfterFunc(ctx, func() { p.conn.Close() })()
	sent := p.sent
	wg.Go(func() {
		defer cancel()
		p.push(ctx, sent)
	})
	buf := make([]byte, 1024)
	var in lines
	for open := true; open; {
		n, err := p.conn.Read(buf)
		in.feed(buf[:n], func(line []byte) { open = open && p.take(ctx, line) })
		open = open && err == nil
	}
}

// take carries out one line and reports whether the connection goes on.
func (p *peer) take(ctx context.Context, line []byte) bool {
	words, err := p.split.Split(line)
	if err != nil || len(words) == 0 {
		return true
	}
	args := make([]string, 0, len(words))
	for _, w := range words {
		args = append(args, string(w))
	}
	return p.answer(ctx, strings.ToUpper(args[0]), args[1:])
}

// push sends each change from last on, until ctx ends or the other end takes no more.
func (p *peer) push(ctx context.Context, last *ups.Snapshot) {
	for {
		snap, err := p.store.Wait(ctx, last)
		if err != nil {
			return
		}
		last = snap
		if err := p.update(); err != nil {
			if ctx.Err() == nil {
				p.log.Warn("reader of the driver socket dropped", "err", err)
			}
			return
		}
	}
}

// update tells the other end what it does not know yet.
func (p *peer) update() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.muted {
		return nil
	}
	next := p.store.Get()
	diff := appendDiff(nil, p.sent, next)
	p.sent = next
	return p.write(diff)
}

func (p *peer) dump() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sent = p.store.Get()
	return p.write(appendDump(nil, p.sent)) == nil
}

// broadcast switches the pushing of changes; those missed meanwhile are made up for.
func (p *peer) broadcast(on bool) bool {
	p.mu.Lock()
	p.muted = !on
	p.mu.Unlock()
	return !on || p.update() == nil
}

func (p *peer) reply(s string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.write([]byte(s)) == nil
}

// write sends all of b, or fails once the other end did not read for writeTimeout. The caller holds mu.
func (p *peer) write(b []byte) error {
	if len(b) == 0 {
		return nil
	}
	if err := p.conn.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return err
	}
	_, err := p.conn.Write(b)
	return err
}
