package main

import (
	"context"
	"log/slog"
	"net"
	"path/filepath"
	"time"

	"github.com/upscard/upscard/services/driversock"
	"github.com/upscard/upscard/services/nut"
	"github.com/upscard/upscard/services/peercred"
	"github.com/upscard/upscard/services/program"
	"github.com/upscard/upscard/services/proxyproto"
)

// feedName is what a feed's socket is called in the place of a driver's name.
const feedName = "feed"

// controlName is the socket by which the card's own primary gives its commands.
const controlName = "control"

// proxyName is what the socket is called by which tlsshim brings its clients.
const proxyName = "proxy"

// cardUser is the name by which the log knows the card's own primary.
const cardUser = "upsmon@card"

// maxControls bounds the connections to the control socket; no other client can use them up.
const maxControls = 16

// feed shows a UPS as clients see it to programs on the card, read-only, until ctx ends.
func feed(ctx context.Context, dir string, u *nut.UPS, readers program.UIDs, logger *slog.Logger) {
	path := filepath.Join(dir, feedName+"-"+u.Name())
	ln := listenLocal(ctx, path, logger)
	if ln == nil {
		return
	}
	opts := driversock.ServeOptions{Logger: logger.With("feed", u.Name()), AllowUIDs: readers}
	if err := driversock.Serve(ctx, ln, u.Feed(), nil, opts); err != nil {
		logger.Error("feed is served no more", "ups", u.Name(), "err", err)
	}
}

// The pause between two tries to make a socket doubles from the first to the longest.
const (
	firstPause   = 100 * time.Millisecond
	longestPause = 30 * time.Second
)

// control serves NUT's protocol to the card's own primary, until ctx ends.
func control(ctx context.Context, dir string, host *nut.Host, primaries program.UIDs, logger *slog.Logger) error {
	ln := listenLocal(ctx, filepath.Join(dir, controlName), logger)
	if ln == nil {
		return nil
	}
	ln.SetUnlinkOnClose(true)
	return nut.NewServer(host, nut.Limits{Conns: maxControls}).ServeTrusted(ctx, admitting{ln, primaries, logger}, cardUser)
}

// relayed serves clients whom a relay has taken over TLS, until ctx ends. They count as those who come by themselves.
func relayed(ctx context.Context, dir string, server *nut.Server, relays program.UIDs, logger *slog.Logger) error {
	ln := listenLocal(ctx, filepath.Join(dir, proxyName), logger)
	if ln == nil {
		return nil
	}
	ln.SetUnlinkOnClose(true)
	return server.ServeSecured(ctx, proxyproto.Listen(admitting{ln, relays, logger}, logger))
}

// listenLocal tries until there is a socket, nil when ctx ends first.
func listenLocal(ctx context.Context, path string, logger *slog.Logger) *net.UnixListener {
	for wait := firstPause; ; wait = min(2*wait, longestPause) {
		ln, err := driversock.Listen(path)
		if err == nil {
			return ln
		}
		if wait == firstPause {
			logger.Error("socket cannot be made, trying again", "err", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
		}
	}
}

// admitting is a listener for a few users.
type admitting struct {
	*net.UnixListener
	uids   program.UIDs
	logger *slog.Logger
}

// Accept implements net.Listener.
func (a admitting) Accept() (net.Conn, error) { return a.AcceptUnix() }

// AcceptUnix returns the next one of them.
func (a admitting) AcceptUnix() (*net.UnixConn, error) {
	for {
		conn, err := a.UnixListener.AcceptUnix()
		if err != nil {
			return nil, err
		}
		if err := peercred.Admit(conn, a.uids); err != nil {
			a.logger.Warn("connection refused", "socket", a.Addr(), "err", err)
			conn.Close()
			continue
		}
		return conn, nil
	}
}
