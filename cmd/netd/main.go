// Command netd gives the card what it learns from the network: address, name servers, time.
package main

import (
	"context"
	"flag"
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
	flags := flag.NewFlagSet("netd", flag.ContinueOnError)
	flags.SetOutput(stderr)
	file := flags.String("config", config.DefaultPath, "configuration `file`; a missing one means defaults")
	runDir := flags.String("run", "/run", "`directory` of what runs; resolv.conf goes to its netd/")
	ready := flags.Int("ready", 0, "`descriptor` that is told when there is an address")
	only := flags.String("interface", "", "`name` of the only interface to use, by DHCP, whatever the configuration says")
	stateDir := flags.String("state", "", "`directory` that survives a restart, for the last seen time (default: none)")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	if flags.NArg() > 0 {
		fmt.Fprintf(stderr, "netd: %q: no arguments are taken\n", flags.Arg(0))
		return 2
	}
	logger := slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{ReplaceAttr: dropTime}))
	cfg, err := config.Load(*file)
	if err != nil {
		fmt.Fprintln(stderr, "netd:", err)
		return 1
	}
	dir := filepath.Join(*runDir, "netd")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		logger.Error("run directory", "err", err)
		return 1
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	parent := heartbeat.To(*ready)
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

// dropTime leaves out the time: whoever reads the lines puts it in front.
func dropTime(groups []string, a slog.Attr) slog.Attr {
	if a.Key == slog.TimeKey && len(groups) == 0 {
		return slog.Attr{}
	}
	return a
}
