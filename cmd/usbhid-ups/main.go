// Command usbhid-ups is the driver of one UPS on USB.
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
	"syscall"
	"time"

	"github.com/upscard/upscard/services/sandbox"
	"github.com/upscard/upscard/services/usb"
	"github.com/upscard/upscard/services/usbdriver"
)

// deadline is how long an orderly end may take.
const deadline = 1800 * time.Millisecond

// Exit codes.
const (
	exitAsked   = 0
	exitFailure = 1
	exitUsage   = 2
	exitNotUPS  = 3 // init does not start the driver for this device again
)

func main() {
	if err := sandbox.Tighten("usbhid-ups"); err != nil {
		fmt.Fprintln(os.Stderr, "usbhid-ups:", err)
		os.Exit(exitFailure)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	// A transfer that hangs in the kernel must not keep the process.
	context.AfterFunc(ctx, func() { time.AfterFunc(deadline, func() { os.Exit(exitFailure) }) })
	code := run(ctx, os.Args[1:], os.Stderr, machine{
		sysfs:  usb.SysfsRoot,
		listen: func() (events, error) { return usb.Listen() },
		opener: newOpener,
	})
	stop()
	os.Exit(code)
}

func run(ctx context.Context, args []string, stderr io.Writer, m machine) int {
	var opts options
	switch err := opts.parse(args, stderr); {
	case errors.Is(err, flag.ErrHelp):
		return exitAsked
	case err != nil:
		return exitUsage
	}
	logger := slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{ReplaceAttr: dropTime}))
	err := drive(ctx, opts, logger, m)
	if err != nil {
		fmt.Fprintln(stderr, "usbhid-ups:", err)
	}
	switch {
	case err == nil:
		return exitAsked
	case errors.Is(err, usbdriver.ErrNotUPS):
		return exitNotUPS
	}
	return exitFailure
}

// dropTime leaves the time to init, which logs it for every program.
func dropTime(groups []string, a slog.Attr) slog.Attr {
	if len(groups) == 0 && a.Key == slog.TimeKey {
		return slog.Attr{}
	}
	return a
}
