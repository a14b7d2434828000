package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// sizes of the load under which a server is held.
type sizes struct {
	idle, busy int
	secure     int           // clients that are idle over TLS
	deaf       int           // clients that ask and never read
	halfOpen   int           // clients that begin TLS and do not go on, half of them in the middle of what they say first
	mute       int           // clients that begin a line and never end it
	muteTime   time.Duration // within which they are dropped; 0: they go by themselves
	connects   int           // a second
	length     time.Duration // of the connects
	memory     int64         // resident, in bytes, that must be enough
}

// full is what upsd must hold on a board with 512 MB.
var full = sizes{idle: 9_000, secure: 1000, busy: 200, deaf: 1000, halfOpen: 500, mute: 100, muteTime: 90 * time.Second,
	connects: 5000, length: 20 * time.Second, memory: 128 << 20}

// held is a server under load, and what it was before.
type held struct {
	sizes
	stand *stand
	p     *process
	empty int // descriptors

	mu  sync.Mutex
	out io.Writer
}

// hold loads a server in all ways at once. The error says what it did not hold: everybody who reads is answered, nobody else holds it up,
// memory is bounded, and nothing is left when all have gone.
func hold(ctx context.Context, program string, load sizes, out io.Writer) error {
	s, err := newStand(ctx, 0)
	if err != nil {
		return err
	}
	defer s.close()
	if _, err := s.certify(); err != nil {
		return err
	}
	fresh, err := goroutinesOf(ctx, s, ours(program))
	if err != nil {
		return err
	}
	p, err := s.serving(ctx, ours(program))
	if err != nil {
		return err
	}
	defer p.stop(syscall.SIGKILL)
	if err := p.limit(); err != nil {
		return err
	}
	h := &held{sizes: load, stand: s, p: p, empty: files(p.pid()), out: out}
	err = h.load(ctx)
	_, peak, e := resident(p.pid())
	h.say("resident at most: %.1f MB", float64(peak)/1e6)
	if e == nil && peak > h.memory {
		e = fmt.Errorf("%d bytes resident, of %d", peak, h.memory)
	}
	err = errors.Join(err, e, until(ctx, "descriptors of clients that have gone closed", func() bool { return files(p.pid()) <= h.empty }))
	h.say("descriptors: %d before, %d after", h.empty, files(p.pid()))
	log := p.stop(syscall.SIGQUIT)
	left := goroutines(log)
	h.say("goroutines: %d before, %d after, %d of them desks that are kept", fresh.sum(), left.sum(), left.desks())
	if more := left.beyond(fresh); more != "" {
		err = errors.Join(err, errors.New("goroutines are left: "+more))
	}
	if before, _, found := strings.Cut(log, "SIGQUIT"); found {
		h.say("what it said:\n%s", strings.TrimSpace(before))
	}
	return err
}

func (h *held) say(format string, args ...any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	fmt.Fprintf(h.out, format+"\n", args...)
}

// dropped is how many packets the system has dropped since it began because they came too fast. On loopback that is a flood of its own making: who is
// idle may lose four probes of his connection in a row by it, and then the connection.
func dropped() uint64 {
	text, _ := os.ReadFile("/proc/net/softnet_stat")
	return drops(string(text))
}

// drops sums the second column, which is hexadecimal, of a line for each processor.
func drops(text string) (sum uint64) {
	for line := range strings.Lines(text) {
		if words := strings.Fields(line); len(words) > 1 {
			n, _ := strconv.ParseUint(words[1], 16, 64)
			sum += n
		}
	}
	return sum
}

// limit gives a process what init gives upsd on the card.
func (p *process) limit() error {
	const data, files = 256 << 20, 12_752
	return errors.Join(unix.Prlimit(p.pid(), unix.RLIMIT_DATA, &unix.Rlimit{Cur: data, Max: data}, nil),
		unix.Prlimit(p.pid(), unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: files, Max: files}, nil))
}

// load is over when all clients have gone.
func (h *held) load(ctx context.Context) error {
	dropsBefore := dropped()
	idle, err := crowd(ctx, h.stand.door, h.idle, listVar)
	defer disperse(idle)
	if err != nil {
		return fmt.Errorf("idle clients: %w", err)
	}
	secure, err := crowd(ctx, new(agreement).over(h.stand.door, tls.VersionTLS13), h.secure, listVar)
	defer disperse(secure)
	if err != nil {
		return fmt.Errorf("idle clients over TLS: %w", err)
	}
	now, _, err := resident(h.p.pid())
	if err != nil {
		return err
	}
	h.say("%d idle clients, %d more over TLS: %.1f MB resident", len(idle), len(secure), float64(now)/1e6)
	idle = append(idle, secure...)
	busy := make(chan outcome, 1)
	busyErr := make(chan error, 1)
	busyCtx, calm := context.WithCancel(ctx)
	defer calm()
	go func() {
		o, err := press(busyCtx, h.busy, time.Hour, asking(h.stand.door, getVar, false))
		busy <- o
		busyErr <- err
	}()
	var others sync.WaitGroup
	var deafErr, muteErr, silentErr, brokenErr error
	others.Go(func() { deafErr = h.dropped(ctx, "clients that do not read", h.deaf, 4*time.Minute, deafen) })
	others.Go(func() {
		silentErr = h.dropped(ctx, "clients that begin no TLS after STARTTLS", h.halfOpen/2, halfOpenTime, halfOpen(""))
	})
	others.Go(func() {
		brokenErr = h.dropped(ctx, "clients that stop in their ClientHello", h.halfOpen/2, halfOpenTime, halfOpen(brokenHello))
	})
	others.Go(func() { muteErr = h.dropped(ctx, "clients that end no line", h.mute, h.muteTime, begin) })
	connectErr := h.connect(ctx)
	others.Wait()
	calm()
	o, err := <-busy, <-busyErr
	h.say("%d busy clients meanwhile: %.0f requests/s, p50 %v, p99 %v, at most %v", h.busy, o.perSecond(), o.at(0.5), o.at(0.99), o.at(1))
	if o.fails > 0 || len(o.times) < h.busy {
		err = errors.Join(err, fmt.Errorf("busy clients: %d answers, %d failures", len(o.times), o.fails))
	}
	var lost []error
	for _, c := range idle {
		if e := c.ask(getVar); e != nil {
			lost = append(lost, e)
		}
		c.rest()
	}
	h.say("idle clients that were lost meanwhile: %d; packets that this machine's network dropped: %d", len(lost), dropped()-dropsBefore)
	if len(lost) > 0 {
		err = errors.Join(err, fmt.Errorf("%d of %d idle clients were lost: %w", len(lost), len(idle), lost[0]))
	}
	return errors.Join(err, deafErr, silentErr, brokenErr, muteErr, connectErr)
}

// deafen asks, and reads nothing, until that ends.
func deafen(c *client) error {
	tcp := c.conn.(*net.TCPConn)
	err := errors.Join(tcp.SetReadBuffer(4<<10), tcp.SetWriteBuffer(4<<10))
	text := strings.Repeat(listVar.text, 100)
	for err == nil {
		_, err = io.WriteString(c.conn, text)
	}
	if isTimeout(err) {
		return errors.New("a client that does not read was not dropped")
	}
	return nil
}

// begin sends half a line, and waits.
func begin(c *client) error {
	io.WriteString(c.conn, "GET VA")
	if _, err := c.conn.Read(make([]byte, 1)); isTimeout(err) {
		return errors.New("a client that ends no line was not dropped")
	}
	return nil
}

// halfOpenTime is how long a handshake may take, by docs/tls.md, and some time for a machine that is busy.
const halfOpenTime = 20 * time.Second

// brokenHello is the begin of a ClientHello, of which 506 bytes more were to come.
const brokenHello = "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"

// halfOpen says STARTTLS and the beginning of a handshake, and waits.
func halfOpen(beginning string) func(c *client) error {
	return func(c *client) error {
		if err := c.ask(startTLS); err != nil {
			return err
		}
		if _, err := io.WriteString(c.conn, beginning); err != nil {
			return err
		}
		if _, err := io.Copy(io.Discard, c.conn); isTimeout(err) {
			return errors.New("a client that does not go on with TLS was not dropped")
		}
		return nil
	}
}

func isTimeout(err error) bool {
	return errors.Is(err, os.ErrDeadlineExceeded)
}

// dropped has n clients misbehave until they are dropped, within a time if there is one.
func (h *held) dropped(ctx context.Context, what string, n int, within time.Duration, misbehave func(c *client) error) error {
	if within == 0 {
		return nil
	}
	var wg sync.WaitGroup
	errs := make([]error, n)
	at := time.Now()
	for i := range n {
		wg.Go(func() {
			c, err := dial(ctx, h.stand.addr)
			if err == nil {
				c.conn.SetDeadline(at.Add(within))
				err = misbehave(c)
				c.conn.Close()
			}
			errs[i] = err
		})
	}
	wg.Wait()
	if n > 0 {
		h.say("%d %s: dropped within %v", n, what, time.Since(at).Round(time.Second))
	}
	return errors.Join(errs...)
}

// connect has clients come, ask once and go, so many a second, all of whom must be answered.
func (h *held) connect(ctx context.Context) error {
	const tick = 10 * time.Millisecond
	var wg sync.WaitGroup
	var answered, failed, waiting atomic.Int64
	var first atomic.Pointer[error]
	step := coming(h.stand.door, getVar, logout)
	at := time.Now()
	for n := 0; time.Since(at) < h.length && ctx.Err() == nil; time.Sleep(tick) {
		for due := int(time.Since(at).Seconds() * float64(h.connects)); n < due; n++ {
			if waiting.Load() > 200 { // those that this machine cannot do wait for each other
				break
			}
			waiting.Add(1)
			wg.Go(func() {
				defer waiting.Add(-1)
				one, _, _ := step()
				if err := one(); err != nil {
					failed.Add(1)
					first.CompareAndSwap(nil, &err)
					return
				}
				answered.Add(1)
			})
		}
	}
	wg.Wait()
	h.say("connects: %.0f/s, of %d that were wanted; %d failed", float64(answered.Load())/time.Since(at).Seconds(), h.connects, failed.Load())
	if err := first.Load(); err != nil {
		return fmt.Errorf("%d of those who come and go were not answered: %w", failed.Load(), *err)
	}
	return nil
}
