// Command tlsshim speaks TLS in front of upsd, to clients that say nothing in the clear.
package main

import (
	"context"
	"io"
	"log/slog"
	"strings"

	"github.com/upscard/upscard/services/config"
	"github.com/upscard/upscard/services/program"
)

func main() { program.Main(run) }

// options are the flags.
type options struct {
	program.Flags
	listen           addresses
	upsd             string
	proxy            bool
	certificate, key string
	told             program.UIDs
}

func (o *options) parse(args []string, stderr io.Writer) error {
	fs := o.Set("tlsshim", stderr)
	fs.Var(&o.listen, "listen", "`host:port` to serve instead of the configured ones, whether the configuration wants it or not; may be repeated; port 0 is any")
	fs.StringVar(&o.upsd, "upsd", "", "`host:port` or path of a unix socket of the server (default: upsd's own in the directory of -run)")
	fs.BoolVar(&o.proxy, "proxy", true, "tell the server by the PROXY protocol who the client is; NUT's own does not know that")
	fs.StringVar(&o.certificate, "certificate", "", "PEM `file` of the certificate to show and those between it and its authority, instead of the configured one")
	fs.StringVar(&o.key, "key", "", "PEM `file` of its key (default: the file of the certificate)")
	fs.Var(&o.told, "feed-uid", "`uid` that is told which ports are open, besides root and our own; may be repeated (default: nobody is)")
	return program.Parse(fs, args)
}

// exitOff is the exit code by which it says that it is not wanted; see programs in cmd/init.
const exitOff = 4

// run returns the exit code: 0 asked to stop, 1 failure, 2 usage, exitOff if the configuration does not want it.
func run(ctx context.Context, args []string, stderr io.Writer, tighten func(duty string) error) int {
	var opts options
	if err := opts.parse(args, stderr); err != nil {
		return program.UsageCode(err)
	}
	off := false
	code := program.Run("tlsshim", opts.Config, stderr, tighten, func(cfg *config.Config, logger *slog.Logger) error {
		if off = !cfg.TLSShim.On && len(opts.listen) == 0; off {
			logger.Info("clients that begin with TLS are not served, as the configuration says")
			return nil
		}
		return serve(ctx, cfg, opts, logger, tighten)
	})
	if off {
		return exitOff
	}
	return code
}

// addresses is a flag that may be repeated.
type addresses []string

func (a *addresses) String() string { return strings.Join(*a, ",") }

func (a *addresses) Set(s string) error {
	*a = append(*a, s)
	return nil
}
