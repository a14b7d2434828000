// Command upsmon watches UPSes, and shuts down what they feed when their power ends.
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
	state     string
	trust     driversock.Trust
	conf      string // upsmon.conf, on an ordinary host
	killpower bool
}

func (o *options) parse(args []string, stderr io.Writer) error {
	fs := o.Set("upsmon", stderr)
	fs.StringVar(&o.state, "state", "", "`directory` of what survives a restart; without one nothing does")
	fs.Var(&o.trust, "upsd-uid", "believe only an upsd of this `uid`, besides root's and our own user's")
	fs.StringVar(&o.conf, "conf", "", "NUT's upsmon.conf: watch by its `file` what this host hangs on, in place of the card's own UPSes; SIGUSR1 orders a forced shutdown")
	fs.BoolVar(&o.killpower, "K", false, "with -conf: succeed if its POWERDOWNFLAG is set, and do nothing else")
	return program.Parse(fs, args)
}

// run returns the exit code: 0 asked to stop, 1 failure, 2 usage.
func run(ctx context.Context, args []string, stderr io.Writer, tighten func(duty string) error) int {
	var opts options
	if err := opts.parse(args, stderr); err != nil {
		return program.UsageCode(err)
	}
	if opts.conf != "" { // it runs the owner's commands, so there is nothing to give up
		return hostCode(ctx, opts, stderr, program.Logger(stderr))
	}
	return program.Run("upsmon", opts.Config, stderr, tighten, func(cfg *config.Config, logger *slog.Logger) error {
		return watchCard(ctx, cfg, opts, logger)
	})
}
