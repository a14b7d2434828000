// Command mdnsd lets the card be found on its network: by its host name, and by what it serves.
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
	host  string
}

func (o *options) parse(args []string, stderr io.Writer) error {
	fs := o.Set("mdnsd", stderr)
	fs.StringVar(&o.state, "state", "", "`directory` that survives a restart, for names that another machine made us take (default: none)")
	fs.Var(&o.trust, "upsd-uid", "believe only an upsd of this `uid`, besides root's and our own user's")
	fs.StringVar(&o.host, "hostname", "", "host `name` to be found by (default: this machine's)")
	return program.Parse(fs, args)
}

// run returns the exit code: 0 asked to stop, 1 failure, 2 usage. tighten gives up what the named duty does not need.
func run(ctx context.Context, args []string, stderr io.Writer, tighten func(duty string) error) int {
	if err := tighten("mdnsd"); err != nil {
		fmt.Fprintln(stderr, "mdnsd:", err)
		return 1
	}
	var opts options
	if err := opts.parse(args, stderr); err != nil {
		return program.UsageCode(err)
	}
	cfg, err := config.Load(opts.Config)
	if err == nil {
		err = serve(ctx, cfg.MDNS, opts, program.Logger(stderr))
	}
	if err != nil {
		fmt.Fprintln(stderr, "mdnsd:", err)
		return 1
	}
	return 0
}
