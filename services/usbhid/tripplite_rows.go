package usbhid

import (
	"slices"

	"github.com/upscard/upscard/services/usb"
)

// trippliteUnitsOf returns the units of a product. Those of a product that is in no list are taken from its nominal voltages.
func trippliteUnitsOf(id usb.ID) trippliteUnits {
	// A SMART1000LCD of protocol 2007 sends tenths of its output voltage as well.
	u := trippliteUnits{decimals(1), near("output.voltage.nominal", 1), mainsHertz, decimals(1)}
	switch {
	case id.Vendor != 0x09ae || slices.Contains(trippliteRight, id.Product):
	case slices.Contains(trippliteTenths, id.Product):
		u.battery = scaled(0.1, 1)
	case slices.Contains(trippliteWild, id.Product):
		u = trippliteUnits{scaled(1e5, 1), scaled(1e5, 1), scaled(0.01, 1), scaled(0.01, 1)}
	default:
		u.battery = near("battery.voltage.nominal", 1)
	}
	return u
}

func trippliteRows(id usb.ID) []row {
	u := trippliteUnitsOf(id)
	return []row{
		{"device.part", "TLCustom.[1].TLPartNumber", text, static},

		{"battery.charge.low", "PowerSummary.RemainingCapacityLimit", rw(decimals(0), 5), seldom},
		{"battery.voltage.nominal", "BatterySystem.Battery.ConfigVoltage", decimals(1), static},
		{"battery.voltage", "BatterySystem.Battery.Voltage", u.battery, seldom},

		{"ups.load.nominal", "Flow.ConfigPercentLoad", decimals(0), static},
		{"ups.power", "OutletSystem.Outlet.ActivePower", decimals(1), seldom},
		{"ups.power", "PowerConverter.Output.ActivePower", decimals(1), seldom},
		{"ups.load", "OutletSystem.Outlet.PercentLoad", decimals(0), seldom},
		{"ups.firmware", "TLCustom.[1].TLFirmwareVersion", decimals(0), static},
		{"ups.watchdog.status", "OutletSystem.Outlet.TLWatchdog", decimals(0), seldom},
		{"ups.delay.start", "OutletSystem.Outlet.TLDelayBeforeStartup", kept("30"), static},
		{"ups.timer.start", "OutletSystem.Outlet.DelayBeforeStartup", decimals(0), live},
		{"ups.timer.start", "OutletSystem.Outlet.TLDelayBeforeStartup", decimals(0), live},

		{"output.voltage.nominal", "Flow.ConfigVoltage", decimals(0), static},
		{"output.voltage", "PowerConverter.Output.Voltage", u.line, seldom},
		{"output.voltage", "PowerSummary.Voltage", u.line, seldom},
		{"output.current", "PowerConverter.Output.Current", u.current, seldom},
		{"output.frequency", "PowerConverter.Output.Frequency", u.frequency, seldom},

		{"input.voltage.nominal", "PowerSummary.Input.ConfigVoltage", decimals(0), static},
		{"input.voltage", "PowerSummary.Input.Voltage", u.line, seldom},
		{"input.voltage", "PowerConverter.Input.Voltage", u.line, seldom},
		{"input.frequency", "PowerConverter.Input.Frequency", u.frequency, seldom},
		{"input.transfer.low", "PowerConverter.Output.LowVoltageTransfer", rw(decimals(1), 5), seldom},
		{"input.transfer.low.max", "PowerConverter.Output.TLLowVoltageTransferMax", decimals(0), static},
		{"input.transfer.low.min", "PowerConverter.Output.TLLowVoltageTransferMin", decimals(0), static},
		{"input.transfer.high", "PowerConverter.Output.HighVoltageTransfer", rw(decimals(1), 5), seldom},
		{"input.transfer.high.max", "PowerConverter.Output.TLHighVoltageTransferMax", decimals(0), static},
		{"input.transfer.high.min", "PowerConverter.Output.TLHighVoltageTransferMin", decimals(0), static},
	}
}
