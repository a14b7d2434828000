package main

import (
	"time"

	"github.com/upscard/upscard/services/config"
	"github.com/upscard/upscard/services/monitor"
)

// defaultUPS is the name of the only UPS where nothing is configured.
const defaultUPS = "ups"

// finalDelay is the card's default. upsmon's 5 s are the time before its own machine begins to halt, which takes as long as that of the
// others; the card halts nothing, so it must give them this time. A battery that ends before does no harm to machines that have halted.
const finalDelay = 120 * time.Second

// newPolicy is what the owner's [monitor] means, without the UPSes.
func newPolicy(cfg *config.Config) monitor.Config {
	m, p := cfg.Monitor, monitor.Default()
	p.Cautious, p.Apart, p.Off, p.FinalDelay = true, m.MinSupplies == nil, monitor.OffReturn, finalDelay
	if m.MinSupplies != nil {
		p.MinSupplies = *m.MinSupplies
	}
	for _, given := range []struct {
		to   *time.Duration
		from *int
	}{
		{&p.PollFreq, m.PollFreq}, {&p.PollFreqAlert, m.PollFreq}, {&p.DeadTime, m.DeadTime}, {&p.HostSync, m.HostSync}, {&p.FinalDelay, m.FinalDelay},
		{&p.NoCommWarnTime, m.NoCommWarnTime}, {&p.RBWarnTime, m.RBWarnTime}, {&p.OffDuration, m.OffDuration},
		{&p.OBLBDuration, m.OBLBDuration}, {&p.OverDuration, m.OverDuration}, {&p.Runtime, m.Runtime}, {&p.OnBattery, m.OnBattery},
	} {
		if given.from != nil {
			*given.to = time.Duration(*given.from) * time.Second
		}
	}
	if m.Charge != nil {
		p.Charge = *m.Charge
	}
	if m.AlarmCritical != nil {
		p.AlarmCritical = *m.AlarmCritical
	}
	switch m.Off {
	case "", config.OffReturn:
	case config.OffNone:
		p.Off = monitor.OffNone
	default:
		p.Off = m.Off
	}
	return p
}

// configured lists the UPSes of the configuration, or the one that there is without.
func configured(cfg *config.Config) []string {
	if len(cfg.UPS) == 0 {
		return []string{defaultUPS}
	}
	names := make([]string, len(cfg.UPS))
	for i, u := range cfg.UPS {
		names[i] = u.Name
	}
	return names
}

// power is the UPS's power value.
func power(cfg *config.Config, name string) int {
	for _, u := range cfg.UPS {
		if u.Name == name && u.PowerValue != nil {
			return *u.PowerValue
		}
	}
	return 1
}
