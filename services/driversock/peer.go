package driversock

import (
	"context"
	"log/slog"
	"net"
	"os"
	"strconv"
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
	var split parseconf.Splitter
	for {
		n, err := p.conn.Read(buf)
		bye := false
		in.feed(buf[:n], func(line []byte) {
			if bye {
				return
			}
			words, err := split.Split(line)
			if err != nil || len(words) == 0 {
				return
			}
			args := make([]string, 0, len(words))
			for _, w := range words {
				args = append(args, string(w))
			}
			bye = !p.answer(ctx, strings.ToUpper(args[0]), args[1:])
		})
		if err != nil || bye {
			return
		}
	}
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

// answer carries out one line and reports whether the connection goes on. A line that it does not know is void.
func (p *peer) answer(ctx context.Context, verb string, args []string) bool {
	switch verb {
	case "PING":
		return p.reply("PONG\n")
	case "GETPID":
		return p.reply("PID " + strconv.Itoa(os.Getpid()) + "\n")
	case "LOGOUT":
		p.reply("OK Goodbye\n")
		return false
	case "DUMPALL":
		return p.dump()
	case "DUMPSTATUS":
		return p.reply(string(appendValue(nil, p.store.Get(), "ups.status")))
	case "DUMPVALUE":
		return len(args) == 0 || p.reply(string(appendValue(nil, p.store.Get(), args[0])))
	case "NOBROADCAST":
		return p.broadcast(false)
	case "BROADCAST":
		on := true
		if len(args) > 0 {
			n, err := strconv.Atoi(args[0])
			on = err != nil || n > 0
		}
		return p.broadcast(on)
	case "INSTCMD", "SET":
		return p.order(ctx, verb, args)
	}
	return true
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

// order carries out INSTCMD <name> [<param>] or SET <name> <value>, each with TRACKING <id> or without.
func (p *peer) order(ctx context.Context, verb string, args []string) bool {
	id := ""
	if n := len(args); n >= 3 && strings.EqualFold(args[n-2], "TRACKING") {
		id, args = args[n-1], args[:n-2]
	}
	var result Result
	switch {
	case verb == "SET" && len(args) == 2:
		result = p.handler.SetVar(ctx, args[0], args[1])
	case verb == "INSTCMD" && len(args) == 1:
		result = p.handler.InstCmd(ctx, args[0], "")
	case verb == "INSTCMD" && len(args) == 2:
		result = p.handler.InstCmd(ctx, args[0], args[1])
	default:
		p.log.Warn("malformed order", "verb", verb, "args", len(args))
		return true
	}
	if id == "" {
		return true
	}
	return p.reply(string(appendLine(nil, "TRACKING", id, strconv.Itoa(int(result)))))
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
