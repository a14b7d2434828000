package main

import (
	"cmp"
	"fmt"
	"log/slog"

	"github.com/upscard/upscard/services/config"
	"github.com/upscard/upscard/services/identity"
	"github.com/upscard/upscard/services/usb"
	"github.com/upscard/upscard/services/usbdriver"
	"github.com/upscard/upscard/services/usbhid"
)

// assignment is which device this process attends to, and as what.
type assignment struct {
	name      string
	target    usbdriver.Target
	poll      usbhid.Options
	standards map[string]string // of the desk
	roster    usb.Roster        // as it was at the start
}

// assign reads the configuration and, on the card, the roster.
func assign(o options, logger *slog.Logger) (assignment, error) {
	cfg, err := config.Load(o.Config)
	if err != nil {
		return assignment{}, err
	}
	a := assignment{name: cmp.Or(o.ups, "ups")}
	if o.seat > 0 {
		if a, err = assignSeat(o, cfg.UPS, logger); err != nil {
			return assignment{}, err
		}
	}
	entry := identity.Entry(cfg.UPS, a.name)
	if o.seat == 0 {
		a.target.Port = cmp.Or(o.port, entry.Port)
		entry.Port = a.target.Port
		matches := identity.Matcher(entry)
		a.target.Matches = func(id usb.ID) bool { return matches(usb.SeatOf(id)) }
	}
	a.poll = usbhid.Options{
		PollInterval: cmp.Or(o.pollInterval, entry.PollInterval),
		PollFreq:     cmp.Or(o.pollFreq, entry.PollFreq),

		Tuning:            tuning(entry.Driver),
		Parameters:        parameters(entry),
		PowercomByteOrder: entry.Driver.PowercomByteOrder,
		PowercomDiscrete:  entry.Driver.PowercomDiscrete,
	}
	a.standards = standards(entry.Driver)
	return a, nil
}

func assignSeat(o options, entries []config.UPS, logger *slog.Logger) (assignment, error) {
	roster, err := usb.ReadRoster(o.Run)
	if err != nil {
		return assignment{}, err
	}
	seat, ok := roster.Seat(o.seat)
	if !ok {
		return assignment{}, fmt.Errorf("%s has no seat %d", usb.RosterPath(o.Run), o.seat)
	}
	name, err := identity.Name(entries, roster, o.seat)
	if err != nil {
		logger.Warn("configuration is ambiguous", "err", err)
	}
	return assignment{name: cmp.Or(o.ups, name), target: usbdriver.Target{Port: seat.Port, Matches: seat.Matches}, roster: roster}, nil
}
