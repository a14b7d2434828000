package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"

	"github.com/upscard/upscard/services/survey"
	"github.com/upscard/upscard/services/usb"
	"github.com/upscard/upscard/services/usbpick"
)

const exploreUsage = `usage: usbhid-ups explore [flags]

Prints what a HID device describes and holds now: each field with its kind, report, first bit, bits, logical range, unit, value.
Nothing is written to the device. It need not be a UPS.

`

// world is what explore acts in. It does without libusb, which cannot take a device from the driver that runs.
type world struct {
	sysfs          string
	open           func(id usb.ID, number int, take bool) (usb.Device, error)
	stdout, stderr io.Writer
}

// explore is the subcommand. It returns the exit code: 0 done, 1 failure, 2 wrong use.
func explore(ctx context.Context, args []string, w world) int {
	var wish usbpick.Wish
	flags := flag.NewFlagSet("usbhid-ups explore", flag.ContinueOnError)
	flags.SetOutput(w.stderr)
	flags.Usage = func() { fmt.Fprint(w.stderr, exploreUsage); flags.PrintDefaults() }
	wish.Flags(flags)
	number := flags.Int("interface", -1, "`number` of the device's HID interface; the first that will do by default")
	take := flags.Bool("take", false, "take the UPS from the driver that uses it; its data go stale for a moment")
	err := flags.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return exitAsked
	case err != nil:
		return 2
	case flags.NArg() > 0:
		err = fmt.Errorf("unexpected argument %q", flags.Arg(0))
	default:
		err = wish.Check()
	}
	if err != nil {
		fmt.Fprintln(w.stderr, "usbhid-ups explore:", err)
		return 2
	}
	s, err := look(ctx, wish, *number, *take, w)
	if err != nil {
		fmt.Fprintln(w.stderr, "usbhid-ups explore:", usbpick.Advise(err))
		return exitFailure
	}
	if err := show(w.stdout, s); err != nil {
		fmt.Fprintln(w.stderr, "usbhid-ups explore:", err)
		return exitFailure
	}
	return exitAsked
}

// look reads the device, and gives it back to the driver it had.
func look(ctx context.Context, wish usbpick.Wish, number int, take bool, w world) (*survey.Survey, error) {
	id, err := usbpick.Find(w.sysfs, wish)
	if err != nil {
		return nil, err
	}
	device, err := w.open(id, number, take)
	if err != nil {
		return nil, err
	}
	defer device.Close()
	return survey.Take(ctx, device, nil)
}
