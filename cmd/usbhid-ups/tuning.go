package main

import (
	"strconv"
	"time"

	"github.com/upscard/upscard/services/config"
	"github.com/upscard/upscard/services/usbhid"
)

// tuning is what an entry of the configuration tells the driver of how to treat its UPS.
func tuning(d config.Driver) usbhid.Tuning {
	t := usbhid.Tuning{
		PollOnly:       d.PollOnly,
		InterruptOnly:  d.InterruptOnly,
		InterruptSize:  d.InterruptSize,
		MaxReport:      d.MaxReport,
		AsDescribed:    d.DisableFixReportDesc,
		OnBattery:      d.OnlineDischargeOnBattery,
		Calibration:    d.OnlineDischargeCalibration,
		WarnEvery:      duration(d.LogThrottleSec),
		Hesitation:     duration(d.LBRBLogDelaySec),
		HesitateAlways: d.LBRBLogDelayWithoutCalibrating,
		IgnoreLow:      d.IgnoreLB,
		Shutdown:       d.SDCommands,
		Override:       byName(d.Override),
		Default:        byName(d.Default),
	}
	if d.LogThrottleHovercharge != nil {
		t.Hovering = *d.LogThrottleHovercharge
	}
	return t
}

// standards are the values that variables have until a client sets them.
func standards(d config.Driver) map[string]string {
	values := make(map[string]string)
	for name, n := range map[string]*int{
		"ups.delay.shutdown": d.OffDelay,
		"ups.delay.start":    d.OnDelay,
		"battery.charge.low": d.LowBatt,
	} {
		if n != nil {
			values[name] = strconv.Itoa(*n)
		}
	}
	return values
}

// parameters are the variables that show what was given.
func parameters(e config.UPS) map[string]string { return byName(e.Parameters()) }

func duration(seconds *int) *time.Duration {
	if seconds == nil {
		return nil
	}
	return new(time.Duration(*seconds) * time.Second)
}

func byName(list []config.Setting) map[string]string {
	values := make(map[string]string)
	for _, s := range list {
		values[s.Name] = s.Value
	}
	return values
}
