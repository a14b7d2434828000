package driversock

import (
	"context"
	"log/slog"
	"net"
	"time"

	"github.com/upscard/upscard/services/ups"
)

// MaxAge is how long a driver may be silent before its data counts as stale (NUT's MAXAGE).
const MaxAge = 15 * time.Second

// Delays between attempts to connect. The first is short because a socket's file is there a moment before its owner
// listens.
const (
	firstRetry = 2 * time.Millisecond
	lastRetry  = time.Second
)

// FollowOptions may be left zero, but for the logger.
type FollowOptions struct {
	Logger *slog.Logger
	MaxAge time.Duration                                            // MaxAge if 0
	Wake   <-chan struct{}                                          // tells that the socket has appeared: connect at once
	OnData func()                                                   // called before each snapshot that is not Absent is stored
	Orders *Orders                                                  // to be taken to the driver
	Trust  Trust                                                    // whose sockets are followed
	Dial   func(ctx context.Context, path string) (net.Conn, error) // a unix socket, if it can be trusted, if nil
}

// Follow keeps the store equal to the state of the driver that listens at path, until ctx ends. It is the only one to
// set the store: Absent without a connection or until the first dump is complete, Stale when the driver says so or is
// silent for MaxAge.
func Follow(ctx context.Context, path string, store *ups.Store, opts FollowOptions) error {
	if opts.MaxAge == 0 {
		opts.MaxAge = MaxAge
	}
	if opts.Dial == nil {
		opts.Dial = opts.Trust.dial
	}
	log := opts.Logger.With("socket", path)
	delay := firstRetry
	for {
		conn, err := opts.Dial(ctx, path)
		if err == nil {
			log.Info("connected to driver")
			f := &follower{conn: conn, store: store, opts: opts, replica: newReplica()}
			err = f.run(ctx)
			store.Set(ups.NewSnapshot(nil, nil, ups.Absent, f.read))
			if ctx.Err() == nil {
				log.Warn("driver's connection lost", "err", err)
			}
			if f.replica.dumped {
				delay = firstRetry
			}
		}
		timer := time.NewTimer(delay)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-opts.Wake:
			timer.Stop()
			delay = firstRetry
		case <-timer.C:
			delay = min(2*delay, lastRetry)
		}
	}
}
