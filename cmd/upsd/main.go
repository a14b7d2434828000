// Command upsd serves the state of every UPS to NUT's clients.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/upscard/upscard/services/config"
	"github.com/upscard/upscard/services/driversock"
	"github.com/upscard/upscard/services/sandbox"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	code := run(ctx, os.Args[1:], os.Stderr, sandbox.Tighten)
	stop()
	os.Exit(code)
}

// run returns the exit code: 0 asked to stop, 1 failure, 2 usage. tighten gives up what the named duty does not need.
func run(ctx context.Context, args []string, stderr io.Writer, tighten func(duty string) error) int {
	if err := tighten("upsd"); err != nil {
		fmt.Fprintln(stderr, "upsd:", err)
		return 1
	}
	var opts options
	switch err := opts.parse(args, stderr); {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2
	}
	logger := slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{ReplaceAttr: dropTime}))
	cfg, err := config.Load(opts.config)
	if err == nil {
		err = serve(ctx, cfg, opts, logger, tighten)
	}
	if err != nil {
		fmt.Fprintln(stderr, "upsd:", err)
		return 1
	}
	return 0
}

// options are the flags.
type options struct {
	config string
	run    string
	ready  int
	listen addresses
	trust  driversock.Trust
}

func (o *options) parse(args []string, stderr io.Writer) error {
	fs := flag.NewFlagSet("upsd", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.StringVar(&o.config, "config", config.DefaultPath, "configuration `file`; a missing one means defaults")
	fs.StringVar(&o.run, "run", "/run", "run `directory`; drivers' sockets are in its nut")
	fs.IntVar(&o.ready, "ready", 0, "inherited file `descriptor` that gets READY, if over 0")
	fs.Var(&o.listen, "listen", "`host:port` to serve instead of the configured ones; may be repeated; port 0 is any")
	fs.Var(&o.trust, "driver-uid", "believe only drivers of this `uid`, or FIRST-LAST, besides root's and our own user's")
	if err := fs.Parse(args); err != nil {
		return err
	}
	if fs.NArg() > 0 {
		fmt.Fprintf(stderr, "upsd: unexpected argument %q\n", fs.Arg(0))
		return errors.New("usage")
	}
	return nil
}

// addresses is a flag that may be repeated.
type addresses []string

func (a *addresses) String() string { return strings.Join(*a, ",") }

func (a *addresses) Set(s string) error {
	*a = append(*a, s)
	return nil
}

// dropTime leaves the time to init, which logs it for every program.
func dropTime(groups []string, a slog.Attr) slog.Attr {
	if len(groups) == 0 && a.Key == slog.TimeKey {
		return slog.Attr{}
	}
	return a
}
