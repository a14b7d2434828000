package listen

import (
	"context"
	"log/slog"
	"net"
	"sync/atomic"

	"golang.org/x/sync/errgroup"
)

// Each listens on every address as soon as that is possible, and has serve take its clients until ctx ends. sealed is called before the last one is served: no
// more sockets are to be made. All addresses have been tried before any is served. It returns once all have ended, with what one of them has failed with.
func Each(ctx context.Context, addrs []string, logger *slog.Logger, sealed func() error, serve func(context.Context, *net.TCPListener) error) error {
	g, ctx := errgroup.WithContext(ctx)
	var missing atomic.Int32
	missing.Store(int32(len(addrs)))
	listeners := make([]*net.TCPListener, len(addrs))
	for i, addr := range addrs {
		var err error
		if listeners[i], err = TCP(ctx, addr); err != nil {
			logger.Warn("address cannot be served, trying again", "err", err)
		}
	}
	for i, addr := range addrs {
		g.Go(func() error {
			ln := listeners[i]
			if ln == nil {
				ln = Later(ctx, addr)
			}
			if ln == nil {
				return nil
			}
			defer ln.Close()
			if missing.Add(-1) == 0 {
				if err := sealed(); err != nil {
					return err
				}
			}
			logger.Info("listening", "addr", ln.Addr())
			return serve(ctx, ln)
		})
	}
	return g.Wait()
}
