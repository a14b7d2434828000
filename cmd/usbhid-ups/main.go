// Command usbhid-ups is the driver of one UPS on USB.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/upscard/upscard/services/program"
	"github.com/upscard/upscard/services/sandbox"
	"github.com/upscard/upscard/services/usb"
	"github.com/upscard/upscard/services/usb/usbfs"
	"github.com/upscard/upscard/services/usbdriver"
)

// deadline is how long an orderly end may take.
const deadline = 1800 * time.Millisecond

// Exit codes.
const (
	exitAsked   = 0
	exitFailure = 1
	exitNotUPS  = 3  // init does not start the driver for this device again
	exitSeat    = 64 // and a seat: the device is that seat's
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
		explore: world{sysfs: usb.SysfsRoot, stdout: os.Stdout, stderr: os.Stderr, open: func(id usb.ID, number int, take bool) (usb.Device, error) {
			return (&usbfs.Opener{Take: take}).Open(id, number)
		}},
	})
	stop()
	os.Exit(code)
}

func run(ctx context.Context, args []string, stderr io.Writer, m machine) int {
	if len(args) > 0 && args[0] == "explore" {
		return explore(ctx, args[1:], m.explore)
	}
	var opts options
	if err := opts.parse(args, stderr); err != nil {
		return program.UsageCode(err)
	}
	logger := program.Logger(stderr)
	err := drive(ctx, opts, logger, m)
	if err != nil {
		fmt.Fprintln(stderr, "usbhid-ups:", err)
	}
	var misread usbdriver.MisreadError
	switch {
	case err == nil:
		return exitAsked
	case errors.As(err, &misread):
		return exitSeat + misread.Seat
	case errors.Is(err, usbdriver.ErrNotUPS):
		return exitNotUPS
	}
	return exitFailure
}
