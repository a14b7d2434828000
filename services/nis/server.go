package nis

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/upscard/upscard/services/listen"
)

// Bounds of what clients may take.
const (
	MaxConns   = 512 // of all servers together
	maxPerHost = 256 // of one client's address

	requestTimeout = 15 * time.Second // for the rest of a request that has begun, as apcupsd waits
	idleTimeout    = 5 * time.Minute  // between requests; apcupsd waits 15 s, and some clients poll each minute
	writeTimeout   = 10 * time.Second
)

// restBetweenTroubles keeps clients from filling the log.
const restBetweenTroubles = time.Minute

// Door counts the connections of all servers.
type Door struct {
	mu    sync.Mutex
	total int
	hosts map[netip.Addr]int
}

// enter reports whether there is room for one more connection; leave must follow if so.
func (d *Door) enter(host netip.Addr) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.total >= MaxConns || d.hosts[host] >= maxPerHost {
		return false
	}
	if d.hosts == nil {
		d.hosts = make(map[netip.Addr]int)
	}
	d.total++
	d.hosts[host]++
	return true
}

func (d *Door) leave(host netip.Addr) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.total--
	if d.hosts[host]--; d.hosts[host] == 0 {
		delete(d.hosts, host)
	}
}

// Server answers the clients of one UPS.
type Server struct {
	From   Source
	Door   *Door // shared by the servers of all UPSes
	Logger *slog.Logger
}

// Serve answers the clients of a listener until ctx ends; it closes the listener and every connection it took. Several may run at once.
func (s *Server) Serve(ctx context.Context, ln net.Listener) error {
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	defer ln.Close()
	defer context.AfterFunc(ctx, func() { ln.Close() })()
	said := time.Time{} // when trouble was told last
	trouble := func(what string, args ...any) {
		if time.Since(said) >= restBetweenTroubles {
			said = time.Now()
			s.Logger.Warn(what, args...)
		}
	}
	for {
		conn, err := ln.Accept()
		switch {
		case ctx.Err() != nil:
			if err == nil {
				conn.Close()
			}
			return nil
		case listen.IsTransient(err):
			trouble("connections cannot be accepted", "err", err)
			time.Sleep(listen.Rest)
			continue
		case err != nil:
			return fmt.Errorf("listener %s: %w", ln.Addr(), err)
		}
		host := hostOf(conn.RemoteAddr())
		if !s.Door.enter(host) {
			trouble("connection refused: too many", "addr", host)
			conn.Close()
			continue
		}
		wg.Go(func() {
			defer s.Door.leave(host)
			s.serve(ctx, conn)
		})
	}
}

func hostOf(addr net.Addr) netip.Addr {
	ap, _ := netip.ParseAddrPort(addr.String())
	return ap.Addr().Unmap()
}

// serve answers one client until it ends, is silent for too long, or sends what is no request.
func (s *Server) serve(ctx context.Context, conn net.Conn) {
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	var in requests
	buf := make([]byte, 64)
	limit := time.Now().Add(idleTimeout)
	for {
		if conn.SetReadDeadline(limit) != nil {
			return
		}
		n, err := conn.Read(buf)
		begun := in.begun()
		answered, ok := s.answer(conn, &in, buf[:n])
		if err != nil || !ok {
			return
		}
		switch {
		case !in.begun():
			limit = time.Now().Add(idleTimeout)
		case !begun || answered: // the time counts from its first byte
			limit = time.Now().Add(requestTimeout)
		}
	}
}

// buffers are of answers, which clients that wait for the next one do not keep.
var buffers = sync.Pool{New: func() any { return new([]byte) }}

// answer answers what was read, in one write, and reports whether it did and whether the connection goes on.
func (s *Server) answer(conn net.Conn, in *requests, data []byte) (answered, ok bool) {
	out := buffers.Get().(*[]byte)
	defer buffers.Put(out)
	*out = (*out)[:0]
	end := in.take(data, func(request []byte) { *out = appendAnswer(*out, request, s.From) })
	if len(*out) == 0 {
		return false, end == nil
	}
	if conn.SetWriteDeadline(time.Now().Add(writeTimeout)) != nil {
		return false, false
	}
	_, err := conn.Write(*out)
	return true, err == nil && end == nil
}
