// Package driversock speaks NUT's driver socket protocol (docs/sock-protocol.txt), both ends of it.
package driversock

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"sync"
	"time"

	"github.com/upscard/upscard/services/peercred"
	"github.com/upscard/upscard/services/ups"
	"golang.org/x/sys/unix"
)

// writeTimeout is how long a peer may leave its socket full before it is dropped.
const writeTimeout = 5 * time.Second

// maxConns bounds the connections of one driver: a server, and a few people who look.
const maxConns = 16

// ServeOptions may be left zero, but for the logger.
type ServeOptions struct {
	Logger    *slog.Logger
	AllowUIDs []uint32 // may connect besides root and the driver's own user
}

// Listen makes a driver's socket, in place of one that a dead driver left. Everybody may connect; Serve looks at who
// it is.
func Listen(path string) (*net.UnixListener, error) {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	ln, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		return nil, err
	}
	ln.SetUnlinkOnClose(false) // Serve removes it, if it is still the same
	if err := os.Chmod(path, 0o666); err != nil {
		ln.Close()
		return nil, err
	}
	return ln, nil
}

// remover returns a function that removes the file at path, unless it has become another one: a driver that was told to
// stop may end after its successor began.
func remover(path string) func() {
	made, err := os.Lstat(path)
	return func() {
		if now, e := os.Lstat(path); err == nil && e == nil && os.SameFile(made, now) {
			os.Remove(path)
		}
	}
}

// Serve is a driver's end: it shows the store to everyone who connects to ln and pushes what changes, until ctx ends. It
// closes ln and removes the socket's file. A nil h offers nothing.
func Serve(ctx context.Context, ln *net.UnixListener, store *ups.Store, h Handler, opts ServeOptions) error {
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	defer ln.Close()
	defer remover(ln.Addr().String())()
	defer context.AfterFunc(ctx, func() { ln.Close() })()
	if h == nil {
		h = none{}
	}
	slots := make(chan struct{}, maxConns)
	for {
		conn, err := ln.AcceptUnix()
		switch {
		case ctx.Err() != nil:
			if err == nil {
				conn.Close()
			}
			return nil
		case errors.Is(err, unix.EMFILE) || errors.Is(err, unix.ENFILE) || errors.Is(err, unix.ECONNABORTED):
			time.Sleep(10 * time.Millisecond)
			continue
		case err != nil:
			return fmt.Errorf("driver socket %s: %w", ln.Addr(), err)
		}
		if err := peercred.Admit(conn, opts.AllowUIDs); err != nil {
			opts.Logger.Warn("connection refused", "err", err)
			conn.Close()
			continue
		}
		select {
		case slots <- struct{}{}:
			wg.Go(func() {
				defer func() { <-slots }()
				newPeer(conn, store, h, opts.Logger).run(ctx)
			})
		default:
			opts.Logger.Warn("connection refused", "err", "too many")
			conn.Close()
		}
	}
}
