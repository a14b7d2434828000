package usbredir

import (
	"context"
	"net"
	"time"
)

// Serve accepts guests one after another until ctx ends, and returns nil then. It closes the listener.
func (h *Host) Serve(ctx context.Context, ln net.Listener) error {
	stop := context.AfterFunc(ctx, func() { ln.Close() })
	defer stop()
	defer ln.Close()
	for {
		conn, err := ln.Accept()
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		if err := h.Attach(ctx, conn); err != nil {
			h.logger.Warn("guest left", "err", err)
		}
	}
}

// Attach serves one guest, no two at a time, until it leaves or ctx ends, which both give nil. It closes the connection.
func (h *Host) Attach(ctx context.Context, conn net.Conn) error {
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	err := newSession(h, conn).run()
	if ctx.Err() != nil {
		return nil
	}
	return err
}
