// Command mdnsd lets the card be found on its network: by its host name, and by what it serves.
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
	host  string
}

func (o *options) parse(args []string, stderr io.Writer) error {
	fs := o.Set("mdnsd", stderr)
	fs.StringVar(&o.state, "state", "", "`directory` that survives a restart, for names that another machine made us take (default: none)")
	fs.Var(&o.trust, "upsd-uid", "believe only an upsd of this `uid`, besides root's and our own user's")
	fs.StringVar(&o.host, "hostname", "", "host `name` to be found by (default: this machine's)")
	return program.Parse(fs, args)
}

// run returns the exit code: 0 asked to stop, 1 failure, 2 usage.
func run(ctx context.Context, args []string, stderr io.Writer, tighten func(duty string) error) int {
	var opts options
	if err := opts.parse(args, stderr); err != nil {
		return program.UsageCode(err)
	}
	return program.Run("mdnsd", opts.Config, stderr, tighten, func(cfg *config.Config, logger *slog.Logger) error {
		return serve(ctx, cfg.MDNS, opts, logger)
	})
}
