package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"sync"

	"github.com/upscard/upscard/tools/virtups/devices"
	"github.com/upscard/upscard/tools/virtups/sim"
)

// serve plugs one UPS in until ctx ends.
func serve(ctx context.Context, control string, args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("serve", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	usb := flags.String("usb", sim.DefaultSocket("usb"), "")
	flags.StringVar(&control, "control", control, "")
	speed := flags.Float64("speed", 1, "")
	if err := flags.Parse(args); err != nil {
		return help(err, stdout)
	}
	name := devices.Default
	switch flags.NArg() {
	case 0:
	case 1:
		name = flags.Arg(0)
	default:
		return usageError{fmt.Errorf("one UPS at a time: %q is too much", flags.Arg(1))}
	}
	if *speed < 0 || *speed > 3600 {
		return usageError{fmt.Errorf("speed %g is not from 0 to 3600", *speed)}
	}
	desc, err := devices.Open(name)
	if err != nil {
		return err
	}
	usbListener, err := sim.Listen(*usb)
	if err != nil {
		return err
	}
	controlListener, err := sim.Listen(control)
	if err != nil {
		usbListener.Close()
		return err
	}
	ups := sim.New(desc, sim.Options{Speed: *speed, Logger: slog.New(slog.NewTextHandler(stderr, nil))})
	fmt.Fprintf(stdout, "%s waits on %s, commands on %s.\n", desc.Name, *usb, control)

	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var wg sync.WaitGroup
	var controlErr error
	wg.Go(func() {
		defer cancel()
		controlErr = ups.ServeControl(ctx, controlListener)
	})
	err = ups.Serve(ctx, usbListener)
	cancel()
	wg.Wait()
	return errors.Join(err, controlErr)
}
