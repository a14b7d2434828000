package usbhid

import (
	"context"
	"log/slog"
	"sync/atomic"
)

// hushed logs for debugging only while a device that was given up is tried again and again: all of it was said once.
type hushed struct {
	slog.Handler
	when *atomic.Bool
}

// Handle implements slog.Handler.
func (h hushed) Handle(ctx context.Context, r slog.Record) error {
	if h.when.Load() {
		r.Level = slog.LevelDebug
	}
	if !h.Handler.Enabled(ctx, r.Level) {
		return nil
	}
	return h.Handler.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (h hushed) WithAttrs(attrs []slog.Attr) slog.Handler {
	return hushed{h.Handler.WithAttrs(attrs), h.when}
}

// WithGroup implements slog.Handler.
func (h hushed) WithGroup(name string) slog.Handler { return hushed{h.Handler.WithGroup(name), h.when} }
