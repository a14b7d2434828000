package usbhid

import "github.com/upscard/upscard/services/usb"

// ecoflow are EcoFlow's power stations. Their fields for load and beeper take what is written and do nothing (River 3 Plus and Delta 3 Plus,
// 2025), so no command is made of them.
var ecoflow = family{
	name:    "EcoFlow HID",
	devices: []product{{0x3746, 0}},
	about:   "power stations of EcoFlow",
	quirks: []string{
		"The runtime, which counts minutes without saying so, is shown in seconds.",
		"At the discharge limit that is set in EcoFlow's app the battery is called empty, worn and missing at once: only the first is believed.",
		"The load is cut one percent above that limit without a word before, so that a low battery (LB) is computed five percent above it.",
		"The fields that switch the load or the beeper take what is written and do nothing: no commands are made of them.",
	},
	vendor: "EcoFlow",
	rows: func(usb.ID) []row {
		return []row{
			{"battery.capacity", "PowerSummary.FullChargeCapacity", decimals(0), seldom},
			{"battery.capacity.nominal", "PowerSummary.DesignCapacity", decimals(0), seldom},
			{"battery.charge.low", "PowerSummary.RemainingCapacityLimit", rw(decimals(0), 5), seldom},
			{"battery.runtime", "PowerSummary.RunTimeToEmpty", minutesLeft, live},
			{"battery.runtime.low", "PowerSummary.RemainingTimeLimit", decimals(0), seldom},
			{"ups.power.nominal", "Flow.[4].ConfigActivePower", decimals(0), static}, // NUT's name; the generic ups.realpower.nominal is there too
			{"ups.timer.reboot", "OutletSystem.Outlet.DelayBeforeReboot", decimals(0), live},
			{"ups.timer.shutdown", "OutletSystem.Outlet.DelayBeforeShutdown", decimals(0), live},
			{"experimental.ups.powersummary.ioeminformation", "PowerSummary.iOEMInformation", text, static},
			{"experimental.ups.powersummary.rechargeable", "PowerSummary.Rechargeable", decimals(0), static},
			{"experimental.ups.powersummary.presentstatus.shutdownrequested", "PowerSummary.PresentStatus.ShutdownRequested", decimals(0), seldom},
			{"experimental.ups.powersummary.presentstatus.voltagenotregulated", "PowerSummary.PresentStatus.VoltageNotRegulated", decimals(0), seldom},
		}
	},
	flags:  []flagRow{{fault, "PowerSummary.PresentStatus.CommunicationLost", isSet}},
	judge:  ecoflowFlags,
	margin: 5,
	without: []string{
		"beeper.disable", "beeper.enable", "beeper.mute", "load.off.delay", "load.on.delay", "shutdown.stop", "shutdown.reboot",
		"ups.delay.shutdown", "ups.delay.start",
	},
}

// minutesLeft shows seconds of a field that counts minutes and does not say so. A negative one is no estimate.
var minutesLeft = shown(func(v float64, _ *inputs) (string, bool) {
	if v < 0 {
		return "", false
	}
	return format(60*v, 0)
})

// ecoflowFlags corrects what is told around the discharge limit that is set in EcoFlow's app (River 3 Plus and Delta 3 Plus, 2025). The load is cut
// one percent above it, at which moment a battery that is empty is called worn and missing too. No flag of a low battery comes before that: one that
// is off tells nothing, so that LB is computed.
func ecoflowFlags(f flags) flags {
	if f.has(depleted) {
		f.on &^= replaceBattery | noBattery
	}
	f.known &^= lowFlags &^ f.on
	return f
}
