package main

import (
	"context"
	"log/slog"

	"github.com/upscard/upscard/services/clock"
)

// timeServers are asked where the owner names none.
var timeServers = []string{"0.pool.ntp.org", "1.pool.ntp.org", "2.pool.ntp.org", "3.pool.ntp.org"}

// keepClock keeps the clock until ctx ends. Dir is where the last seen time survives, "" is nowhere.
func keepClock(ctx context.Context, servers []string, online <-chan struct{}, dir string, logger *slog.Logger) error {
	if len(servers) == 0 {
		servers = timeServers
	}
	return clock.Run(ctx, clock.Options{
		Servers: func() []string { return servers },
		Online:  online,
		Dir:     dir,
		Build:   clock.Build(),
		Logger:  logger,
		World:   clock.System(),
	})
}

// nudge tells online, unless it was told and has not looked yet.
func nudge(online chan<- struct{}) {
	select {
	case online <- struct{}{}:
	default:
	}
}
