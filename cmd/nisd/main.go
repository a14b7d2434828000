// Command nisd serves the state of UPSes to the clients of apcupsd's network information server.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/upscard/upscard/services/config"
	"github.com/upscard/upscard/services/driversock"
	"github.com/upscard/upscard/services/program"
	"github.com/upscard/upscard/services/sandbox"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	code := run(ctx, os.Args[1:], os.Stderr, sandbox.Tighten)
	stop()
	os.Exit(code)
}

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

// run returns the exit code: 0 asked to stop, 1 failure, 2 usage. tighten gives up what the named duty does not need.
func run(ctx context.Context, args []string, stderr io.Writer, tighten func(duty string) error) int {
	if err := tighten("nisd"); err != nil {
		fmt.Fprintln(stderr, "nisd:", err)
		return 1
	}
	var opts options
	if err := opts.parse(args, stderr); err != nil {
		return program.UsageCode(err)
	}
	cfg, err := config.Load(opts.Config)
	if err == nil {
		err = serve(ctx, cfg, opts, program.Logger(stderr), tighten)
	}
	if err != nil {
		fmt.Fprintln(stderr, "nisd:", err)
		return 1
	}
	return 0
}
