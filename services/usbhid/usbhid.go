// Package usbhid keeps the state of one UPS that speaks the HID Power Device Class.
package usbhid

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"strconv"
	"time"

	"github.com/upscard/upscard/services/hid"
	"github.com/upscard/upscard/services/usb"
)

// ErrNoPowerDevice is wrapped by Open's error for a device that is no UPS.
var ErrNoPowerDevice = errors.New("no power device")

// ErrGarbled is wrapped besides where what was read is hardly any device's report descriptor.
var ErrGarbled = errors.New("the report descriptor is garbled")

// A report descriptor begins with a usage page (HID 1.11, 6.2.2.7): the lowest bits of an item are the size of its data.
const usagePage, sizeOfItem = 0x04, 0x03

// Options say how to poll. The zero value is usable.
type Options struct {
	PollInterval time.Duration // between readings of the status; 0 for 2 s, and less than asked for where the device's family needs it
	PollFreq     time.Duration // between readings of everything else; 0 for 30 s, or what the device's family prefers
	Version      string        // driver.version
	Tuning       Tuning
	Parameters   map[string]string // driver.parameter.* and driver.flag.*, as they were given
	Desk         *Desk             // where orders for the UPS come in; nil takes none
	Logger       *slog.Logger      // nil for none
	Asked        <-chan struct{}   // is received from wherever Run waits, as a sign that it turns; may be nil

	PowercomByteOrder bool // a Powercom takes its shutdown delay as seconds and minutes, not minutes and seconds
	PowercomDiscrete  bool // a Powercom takes its shutdown delay as a place in its table of delays (Raptor, Smart King Pro)
}

// UPS is an open UPS. It does not own the device.
type UPS struct {
	dev   usb.Device
	model *model
	opts  Options
	log   *slog.Logger
}

// Open reads the report descriptor of dev. The error wraps ErrNoPowerDevice if that describes no UPS, else what the
// device failed with.
func Open(ctx context.Context, dev usb.Device, opts Options) (*UPS, error) {
	id := dev.ID()
	f := familyOf(id).under(opts)
	opts = opts.completed(f, id)
	log := opts.Logger
	raw, err := readDescriptor(ctx, dev, log, func(b []byte) bool {
		d, _ := hid.Parse(b)
		return f.describes(d)
	})
	if err != nil {
		return nil, fmt.Errorf("%v: report descriptor: %w", id, err)
	}
	d, problems := hid.Parse(raw)
	if len(problems) > 0 { // each open says so: garbage is full of them
		log.Warn("report descriptor is wrong", "device", id, "problem", problems[0].String(), "problems", len(problems))
	}
	switch {
	case f.describes(d):
	case len(problems) > 0 && (len(d.Fields) == 0 || raw[0]&^sizeOfItem != usagePage):
		return nil, fmt.Errorf("%v: %w, %w", id, ErrNoPowerDevice, ErrGarbled)
	default:
		return nil, fmt.Errorf("%v: %w in %d fields of its report descriptor", id, ErrNoPowerDevice, len(d.Fields))
	}
	u := &UPS{dev: dev, model: f.tunedModel(id, d, opts.Tuning), opts: opts, log: log}
	log.Info("UPS opened", "device", id, "family", f.name, "fields", len(d.Fields),
		"pollinterval", u.opts.PollInterval, "pollfreq", u.opts.PollFreq)
	if !u.model.tellsOf(acPresent | discharging) {
		log.Warn("no field tells of the mains or the battery's use: without a status the data are taken for stale", "device", id)
	}
	if u.model.family == &generic {
		log.Warn("no table for this vendor: what the Power Device Class defines is served, the rest is not. A capture helps: see docs/capture.md",
			"vendorid", fmt.Sprintf("%04x", id.Vendor), "productid", fmt.Sprintf("%04x", id.Product))
	}
	return u, nil
}

// completed fills in the defaults, the family's for the device before the general ones.
func (o Options) completed(f *family, id usb.ID) Options {
	if size := f.heard[id.Product]; size > 0 && !o.Tuning.PollOnly {
		o.Tuning.InterruptOnly = true
		o.Tuning.InterruptSize = cmp.Or(o.Tuning.InterruptSize, size)
	}
	if o.PollInterval <= 0 {
		o.PollInterval = 2 * time.Second
	}
	if idle := time.Duration(f.idle) * time.Second; idle > 0 {
		o.PollInterval = min(o.PollInterval, idle)
	}
	if o.PollFreq <= 0 {
		o.PollFreq = 30 * time.Second
		if f.pollFreq > 0 {
			o.PollFreq = time.Duration(f.pollFreq) * time.Second
		}
	}
	if o.Version == "" {
		o.Version = "upscard"
	}
	if o.Desk == nil {
		o.Desk = NewDesk(nil)
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	o.Logger = slog.New(hushed{o.Logger.Handler(), &o.Desk.failed})
	return o
}

// driverVars are the variables that describe the driver.
func (u *UPS) driverVars() map[string]string {
	seconds := func(d time.Duration) string { return strconv.Itoa(int(d.Round(time.Second) / time.Second)) }
	vars := map[string]string{"driver.parameter.port": "auto"}
	maps.Copy(vars, u.opts.Parameters)
	maps.Copy(vars, map[string]string{
		"driver.name":                   "usbhid-ups",
		"driver.version":                u.opts.Version,
		"driver.state":                  "quiet",
		"driver.parameter.pollinterval": seconds(u.opts.PollInterval),
		"driver.parameter.pollfreq":     seconds(u.opts.PollFreq),
	})
	return vars
}
