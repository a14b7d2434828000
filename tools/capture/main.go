// Program capture records a UPS in a file, from which others can simulate it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/upscard/upscard/services/usb"
	"github.com/upscard/upscard/services/usb/usbfs"
	"github.com/upscard/upscard/services/usbpick"
)

const usage = `usage: capture [flags]

Records the UPS on this machine's USB: what it is called, its descriptors, the answers to all requests for reports, what it sends
by itself meanwhile. Nothing is written to the UPS.

`

func main() {
	// A terminal that goes away must not leave the UPS without its driver.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	code := run(ctx, os.Args[1:], world{
		sysfs: usb.SysfsRoot, now: time.Now, stdout: os.Stdout, stderr: os.Stderr, terminal: isTerminal(os.Stderr),
		open: func(id usb.ID, number int, take bool) (usb.Device, error) {
			return (&usbfs.Opener{Take: take}).Open(id, number)
		},
	})
	stop()
	os.Exit(code)
}

// world is what the program acts in.
type world struct {
	sysfs          string
	open           func(id usb.ID, number int, take bool) (usb.Device, error)
	now            func() time.Time
	stdout, stderr io.Writer
	terminal       bool // stderr can rewrite a line
}

type options struct {
	wish       usbpick.Wish
	number     int // of the interface
	take       bool
	out        string
	interrupts time.Duration
	mask       bool
}

// run returns the exit code: 0 done, 1 failure, 2 wrong use.
func run(ctx context.Context, args []string, w world) int {
	var o options
	flags := flag.NewFlagSet("capture", flag.ContinueOnError)
	flags.SetOutput(w.stderr)
	flags.Usage = func() { fmt.Fprint(w.stderr, usage); flags.PrintDefaults() }
	o.wish.Flags(flags)
	flags.IntVar(&o.number, "interface", -1, "`number` of the device's HID interface; the first that will do by default")
	flags.BoolVar(&o.take, "take", false, "take the UPS from the driver that uses it; its data go stale until the recording ends")
	flags.StringVar(&o.out, "o", "", "`file` to write, which must not exist, or - for standard output; named after the device by default")
	flags.DurationVar(&o.interrupts, "interrupts", 30*time.Second, "how `long` to record what the UPS sends by itself; Ctrl-C ends it early")
	flags.BoolVar(&o.mask, "mask-serial", false, "write X's in the place of the serial number, wherever it stands")
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return 0
	} else if err != nil {
		return 2
	}
	if err := o.check(flags.Args()); err != nil {
		fmt.Fprintln(w.stderr, "capture:", err)
		return 2
	}
	if err := record(ctx, o, w); err != nil {
		fmt.Fprintln(w.stderr, "capture:", usbpick.Advise(err))
		return 1
	}
	return 0
}

func (o *options) check(stray []string) error {
	switch {
	case len(stray) > 0:
		return fmt.Errorf("unexpected argument %q", stray[0])
	case o.interrupts < 0 || o.interrupts > time.Hour:
		return fmt.Errorf("-interrupts %v: want a time from 0s to 1h", o.interrupts)
	}
	return o.wish.Check()
}

// isTerminal reports whether a file is a terminal.
func isTerminal(f *os.File) bool {
	_, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	return err == nil
}
