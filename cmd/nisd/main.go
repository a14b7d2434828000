// Command nisd serves the state of UPSes to the clients of apcupsd's network information server.
package main

import (
	"context"
	"io"
	"log/slog"

	"github.com/upscard/upscard/services/config"
	"github.com/upscard/upscard/services/driversock"
	"github.com/upscard/upscard/services/program"
)

func main() { program.Main(run) }

// options are the flags.
type options struct {
	program.Flags
	state string
	trust driversock.Trust
	told  program.UIDs
	host  string
}

func (o *options) parse(args []string, stderr io.Writer) error {
	fs := o.Set("nisd", stderr)
	fs.StringVar(&o.state, "state", "", "`directory` that survives a restart, for counts of transfers and events (default: none)")
	fs.Var(&o.trust, "upsd-uid", "believe only an upsd of this `uid`, besides root's and our own user's")
	fs.Var(&o.told, "feed-uid", "`uid` that may know which ports are served, besides root and our own; may be repeated")
	fs.StringVar(&o.host, "hostname", "", "host `name` to tell (default: this machine's)")
	return program.Parse(fs, args)
}

// run returns the exit code: 0 asked to stop, 1 failure, 2 usage.
func run(ctx context.Context, args []string, stderr io.Writer, tighten func(duty string) error) int {
	var opts options
	if err := opts.parse(args, stderr); err != nil {
		return program.UsageCode(err)
	}
	return program.Run("nisd", opts.Config, stderr, tighten, func(cfg *config.Config, logger *slog.Logger) error {
		return serve(ctx, cfg, opts, logger, tighten)
	})
}
