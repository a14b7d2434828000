// Command netd gives the card what it learns from the network: address, name servers, time.
package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"

	"github.com/upscard/upscard/services/config"
	"github.com/upscard/upscard/services/heartbeat"
	"github.com/upscard/upscard/services/program"
	"github.com/upscard/upscard/services/sandbox"
)

func main() {
	if err := sandbox.Tighten("netd"); err != nil {
		fmt.Fprintln(os.Stderr, "netd:", err)
		os.Exit(1)
	}
	os.Exit(run(os.Args[1:], os.Stderr))
}

// run returns the exit code: 0 asked to stop, 1 failure, 2 wrong use.
func run(args []string, stderr io.Writer) int {
	var common program.Flags
	flags := common.Set("netd", stderr)
	only := flags.String("interface", "", "`name` of the only interface to use, by DHCP, whatever the configuration says")
	stateDir := flags.String("state", "", "`directory` that survives a restart, for the last seen time (default: none)")
	if err := program.Parse(flags, args); err != nil {
		return program.UsageCode(err)
	}
	logger := program.Logger(stderr)
	cfg, err := config.Load(common.Config)
	if err != nil {
		fmt.Fprintln(stderr, "netd:", err)
		return 1
	}
	dir := filepath.Join(common.Run, "netd")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		logger.Error("run directory", "err", err)
		return 1
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	parent := heartbeat.To(common.Ready)
	serve := server{parent: parent, plans: plans(cfg.Network, *only), network: cfg.Network, dir: dir, stateDir: *stateDir, logger: logger, ready: sync.OnceFunc(func() { sayReady(parent, logger) })}
	if err := serve.run(ctx); err != nil {
		logger.Error("network", "err", err)
		return 1
	}
	return 0
}

// sayReady tells the supervisor that there is an address.
func sayReady(parent heartbeat.Parent, logger *slog.Logger) {
	if err := parent.Ready(); err != nil {
		logger.Warn("readiness", "err", err)
	}
}
