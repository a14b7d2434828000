package config

import (
	"errors"
	"fmt"
	"strconv"
)

// maxDelay is the longest delay in seconds that a 16-bit field of a UPS holds.
const maxDelay = 65535

// driverKeys are the options of [ups.NAME] that tell the driver how to treat a UPS.
var driverKeys = []rule[UPS]{
	boolean("pollonly", func(u *UPS) *bool { return &u.Driver.PollOnly },
		"Do not listen to the UPS's interrupts: for a UPS whose interrupts are broken. A power failure is then noticed by the next reading of the status only."),
	boolean("interruptonly", func(u *UPS) *bool { return &u.Driver.InterruptOnly },
		"Take values from the UPS's interrupts alone and ask for none: some old Powercom models need it. There are no data until every report of the status came once, "+
			"and no commands."),
	{"interruptsize", func(u *UPS, v value) (err error) { u.Driver.InterruptSize, err = whole(v, 1, 256, "bytes"); return },
		func(u UPS) string { return showNumber(u.Driver.InterruptSize) },
		"whole number, 1 to 256", "all", "Bytes to read of each interrupt; some Powercom models need 8."},
	boolean("maxreport", func(u *UPS) *bool { return &u.Driver.MaxReport },
		"Ask for each report with room for the largest there is: some APC Back-UPS send more than they announce. Known ones are treated so without it."),
	boolean("disable_fix_report_desc", func(u *UPS) *bool { return &u.Driver.DisableFixReportDesc },
		"Take the UPS's description of its reports as it is, also where it is known to be wrong."),

	boolean("onlinedischarge_onbattery", func(u *UPS) *bool { return &u.Driver.OnlineDischargeOnBattery },
		"A UPS that tells mains and discharging at once is on battery (`OB DISCHRG`): CyberPower's UT series."),
	{"onlinedischarge", func(u *UPS, v value) error { return setFlag(&u.Driver.OnlineDischargeOnBattery, v) }, func(UPS) string { return "" },
		"`true` or `false`", "`false`", "Old name of `onlinedischarge_onbattery`."},
	boolean("onlinedischarge_calibration", func(u *UPS) *bool { return &u.Driver.OnlineDischargeCalibration },
		"A UPS that tells mains and discharging at once is calibrating (`CAL DISCHRG`): some APC models."),
	number("onlinedischarge_log_throttle_sec", func(u *UPS) **int { return &u.Driver.LogThrottleSec }, -1, 86400, "seconds",
		"30 for a UPS that does not tell its charge, else when the charge has changed",
		"With neither of these: how often the log warns of mains and discharging at once; -1: not again while it lasts, unless the charge changes."),
	number("onlinedischarge_log_throttle_hovercharge", func(u *UPS) **int { return &u.Driver.LogThrottleHovercharge }, 1, 100, "percent",
		"100", "A charge from which on that warning is left out: some UPSes let a full battery sink a little before they charge it again."),
	number("lbrb_log_delay_sec", func(u *UPS) **int { return &u.Driver.LBRBLogDelaySec }, 0, 60, "seconds",
		"3 for APC's BX-MI, BVK-M2 and BK-M2-CH, whether they calibrate or not; else 0",
		"How long `LB` or `RB` must last before it is told, while the UPS is on mains and calibrates. On battery nothing waits."),
	boolean("lbrb_log_delay_without_calibrating", func(u *UPS) *bool { return &u.Driver.LBRBLogDelayWithoutCalibrating },
		"`lbrb_log_delay_sec` holds on mains whether the UPS calibrates or not."),

	number("offdelay", func(u *UPS) **int { return &u.Driver.OffDelay }, 0, maxDelay, "seconds",
		"20; CyberPower 60; families may differ",
		"Time from the order to cut the load until it is cut (`ups.delay.shutdown`), where the UPS has it. CyberPower's round down to minutes. "+
			"No -1, which to most UPSes means to call the order off."),
	number("ondelay", func(u *UPS) **int { return &u.Driver.OnDelay }, -1, maxDelay, "seconds",
		"30; CyberPower 120; families may differ",
		"Time until the load is switched on again (`ups.delay.start`), where the UPS has it; longer than `offdelay`. -1: not by a timer."),
	number("lowbatt", func(u *UPS) **int { return &u.Driver.LowBatt }, 0, 100, "percent",
		"what the UPS says", "Shown and used as `battery.charge.low`, where the UPS has that, until a client sets it. The UPS's own flag for `LB` does not follow it: see `ignorelb`."),
	boolean("ignorelb", func(u *UPS) *bool { return &u.Driver.IgnoreLB },
		"`LB` is told on battery when `battery.charge` is under `battery.charge.low` or `battery.runtime` under `battery.runtime.low`, in two readings in a row, and not when "+
			"the UPS says so. Where none of these pairs is known the UPS's word still counts."),
	{"sdcommands", func(u *UPS, v value) (err error) { u.Driver.SDCommands, err = commands(v); return },
		func(u UPS) string { return showList(u.Driver.SDCommands) },
		"commands with commas between, or list of up to 16", "`shutdown.return`, `shutdown.reboot`, `load.off.delay`, `shutdown.stayoff`",
		"What `shutdown.default` does: the first of these commands that the UPS offers, or the next if it refuses that one."},
	boolean("powercom_sdcmd_byte_order_fallback", func(u *UPS) *bool { return &u.Driver.PowercomByteOrder },
		"Powercom: send the delays of shutdown commands with their bytes the other way round."),
	boolean("powercom_sdcmd_discrete_delay", func(u *UPS) *bool { return &u.Driver.PowercomDiscrete },
		"Powercom Raptor and Smart King Pro: choose the delay of shutdown commands from those that they know."),
}

// boolean makes the rule of a key that is true or false.
func boolean(name string, of func(*UPS) *bool, meaning string) rule[UPS] {
	return rule[UPS]{name, func(u *UPS, v value) error { return setFlag(of(u), v) }, func(u UPS) string { return showFlag(*of(&u)) },
		"`true` or `false`", "`false`", meaning}
}

// number makes the rule of a key with a whole number for which no number stands for not given.
func number(name string, of func(*UPS) **int, least, most int, unit, standard, meaning string) rule[UPS] {
	return rule[UPS]{name,
		func(u *UPS, v value) error {
			n, err := whole(v, least, most, unit)
			*of(u) = &n
			return err
		},
		func(u UPS) string {
			if n := *of(&u); n != nil {
				return strconv.Itoa(*n)
			}
			return ""
		},
		fmt.Sprintf("whole %s, %d to %d", unit, least, most), standard, meaning}
}

// refused are options of ups.conf that a card does not have, each with what takes its place.
var refused = map[string]error{
	"driver":    errors.New("every UPS of a card has the driver usbhid-ups: leave this out"),
	"subdriver": errors.New("the card chooses by the device itself: leave this out"),
	"device": errors.New("a device number is another one each time the UPS is plugged in, so it cannot tell which UPS is meant: " +
		"use serial, else port or busport"),
	"allow_duplicates": errors.New("a name always means the same device here: use serial, else port or busport"),
	"explore":          errors.New("run `usbhid-ups explore` to see everything that an unknown device says; every power device is served without it"),
	"sdtype": errors.New("this belongs to drivers for serial lines (apcsmart, upscode2); usbhid-ups has sdcommands, a list of commands " +
		"to try in order"),
	"waitbeforereconnect": errors.New("the card paces itself, 0.05 to 5 seconds: leave this out"),
}
