package main

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/upscard/upscard/services/config"
	"github.com/upscard/upscard/services/program"
	"github.com/upscard/upscard/services/usb"
)

// options are the flags. Either seat is set, by init, or the device is found by the others.
type options struct {
	program.Flags
	seat         int
	port         string
	ups          string
	number       int // of the interface, negative: the first that is a UPS's
	allowUIDs    uids
	pollInterval time.Duration // 0: as configured
	pollFreq     time.Duration
}

func (o *options) parse(args []string, stderr io.Writer) error {
	fs := o.Set("usbhid-ups", stderr)
	fs.IntVar(&o.seat, "seat", 0, "attend to the device with this `number` in the roster of the run directory")
	fs.StringVar(&o.port, "port", "", "without -seat: attend to the device at this USB `port`, as 1-1.4")
	fs.StringVar(&o.ups, "ups", "", "`name` of the UPS; without -seat it is ups by default")
	fs.IntVar(&o.number, "interface", -1, "`number` of the device's HID interface; by default the first that is a power device")
	fs.Var(&o.allowUIDs, "allow-uid", "`uid` that may connect besides root and one's own; may be repeated")
	fs.Func("pollinterval", "`seconds` between readings of the status, instead of the configured ones", seconds(&o.pollInterval))
	fs.Func("pollfreq", "`seconds` between readings of everything else, instead of the configured ones", seconds(&o.pollFreq))
	if err := program.Parse(fs, args); err != nil {
		return err
	}
	if err := o.check(); err != nil {
		fmt.Fprintln(stderr, "usbhid-ups:", err)
		return err
	}
	return nil
}

func (o *options) check() error {
	switch {
	case o.seat < 0:
		return fmt.Errorf("-seat %d: seats count from 1", o.seat)
	case o.seat > 0 && o.port != "":
		return errors.New("-seat tells the port: -port is too much")
	case o.port != "" && !usb.ValidPort(o.port):
		return fmt.Errorf("-port %q: want a USB port, as 1-1.4", o.port)
	case o.ups != "":
		if err := config.CheckName(o.ups); err != nil {
			return fmt.Errorf("-ups: %w", err)
		}
	}
	return nil
}

func seconds(d *time.Duration) func(string) error {
	return func(text string) error {
		n, err := strconv.ParseUint(text, 10, 16)
		if err != nil || n == 0 {
			return errors.New("want whole seconds over 0")
		}
		*d = time.Duration(n) * time.Second
		return nil
	}
}

// uids is a flag that may be repeated.
type uids []uint32

func (u *uids) String() string { return strings.Trim(fmt.Sprint(*u), "[]") }

func (u *uids) Set(text string) error {
	n, err := strconv.ParseUint(text, 10, 32)
	if err != nil {
		return errors.New("want a number")
	}
	*u = append(*u, uint32(n))
	return nil
}
