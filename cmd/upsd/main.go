// Command upsd serves the state of every UPS to NUT's clients.
package main

import (
	"context"
	"io"
	"log/slog"
	"runtime/debug"
	"strings"

	"github.com/upscard/upscard/services/config"
	"github.com/upscard/upscard/services/driversock"
	"github.com/upscard/upscard/services/program"
)

func main() { program.Main(run) }

// run returns the exit code: 0 asked to stop, 1 failure, 2 usage.
func run(ctx context.Context, args []string, stderr io.Writer, tighten func(duty string) error) int {
	var opts options
	if err := opts.parse(args, stderr); err != nil {
		return program.UsageCode(err)
	}
	return program.Run("upsd", opts.Config, stderr, tighten, func(cfg *config.Config, logger *slog.Logger) error {
		debug.SetMemoryLimit(memory)
		return serve(ctx, cfg, opts, logger, tighten)
	})
}

// memory is what the collector tries to keep to, in bytes: sooner than the limit that init sets.
const memory = 96 << 20

// options are the flags.
type options struct {
	program.Flags
	listen addresses
	trust  driversock.Trust
	state  string // directory of what survives a restart, "" is none

	readers, primaries, relays program.UIDs // of processes on this machine
}

func (o *options) parse(args []string, stderr io.Writer) error {
	fs := o.Set("upsd", stderr)
	fs.Var(&o.listen, "listen", "`host:port` to serve instead of the configured ones; may be repeated; port 0 is any")
	fs.Var(&o.trust, "driver-uid", "believe only drivers of this `uid`, or FIRST-LAST, besides root's and our own user's")
	fs.StringVar(&o.state, "state", "", "`directory` that survives a restart, for FSD (default: none)")
	fs.Var(&o.readers, "feed-uid", "`uid` that may read the feeds, besides root and our own; may be repeated")
	fs.Var(&o.primaries, "control-uid", "`uid` that may use the control socket, besides root and our own; may be repeated")
	fs.Var(&o.relays, "relay-uid", "`uid` that may bring clients who came over TLS, and have its certificates signed, besides root and our own; may be repeated")
	return program.Parse(fs, args)
}

// addresses is a flag that may be repeated.
type addresses []string

func (a *addresses) String() string { return strings.Join(*a, ",") }

func (a *addresses) Set(s string) error {
	*a = append(*a, s)
	return nil
}
