package usbhid

import (
	"fmt"
	"slices"

	"github.com/upscard/upscard/services/usb"
)

// eatonRows makes the table. What later rows look at comes first.
func eatonRows(id usb.ID) []row {
	e := eatonModel{product: id.ProductName}
	first := []row{
		{eatonCountry, "PowerSummary.Country", decimals(0), static},
		{eatonMonitored, "BatterySystem.Charger.ABMEnable", decimals(0), live},
		{"ups.power.nominal", "Flow.[4].ConfigApparentPower", decimals(0), static},
		{"ups.load", "PowerSummary.PercentLoad", decimals(0), seldom},
		{"output.powerfactor", "PowerConverter.Output.PowerFactor", powerFactor, seldom},
	}
	return slices.Concat(first, e.names(id), e.battery(), eatonUPS, eatonInput, eatonBypass, e.output(), eatonPhases(), e.outlets())
}

func (e eatonModel) battery() []row {
	return []row{
		{"battery.charge.low", "PowerSummary.RemainingCapacityLimitSetting", rw(percentLimit, 5), seldom},
		{"battery.charge.low", "PowerSummary.RemainingCapacityLimit", percentLimit, seldom},
		{"battery.charge.restart", "PowerSummary.RestartLevel", rw(decimals(0), 3), seldom},
		{"battery.capacity", "BatterySystem.Battery.DesignCapacity", ampereHours, static},
		{"battery.runtime.elapsed", "StatisticSystem.Input.[1].Statistic.[1].Time", decimals(0), live},
		{"battery.voltage", "BatterySystem.Voltage", decimals(1), seldom},
		{"battery.voltage", "PowerSummary.Voltage", e.batteryVoltage(), seldom},
		{"battery.voltage.nominal", "BatterySystem.ConfigVoltage", decimals(0), static},
		{"battery.voltage.nominal", "PowerSummary.ConfigVoltage", e.batteryNominal(), static},
		{"battery.protection", "BatterySystem.Battery.DeepDischargeProtection", rw(yesNo, 5), seldom},
		{"battery.energysave", "PowerConverter.Input.[3].EnergySaving", rw(yesNo, 5), seldom},
		{"battery.energysave.load", "PowerConverter.Input.[3].ConfigPercentLoad", rw(decimals(0), 5), seldom},
		{"battery.energysave.delay", "PowerConverter.Input.[3].EnergySaving?.ShutdownTimer", rw(decimals(0), 5), seldom},
		{"battery.energysave.realpower", "PowerConverter.Input.[3].ConfigActivePower", rw(decimals(0), 5), seldom},
		{"battery.charger.status", "BatterySystem.Charger.Mode", abmMode, live},
		{"battery.charger.status", "BatterySystem.Charger.Status", abmStatus, live},
		{"battery.charger.type", "BatterySystem.Charger.ChargerType", eatonChargers, seldom},
	}
}

var eatonUPS = []row{
	{"device.usb.version", "System.USB.iVersion", text, static},
	{"ups.efficiency", "PowerConverter.Output.Efficiency", decimals(0), seldom},
	{"ups.firmware", "PowerSummary.iVersion", text, static},
	{"ups.load.high", "Flow.[4].ConfigPercentLoad", rw(decimals(0), 5), seldom},
	{"ups.realpower", "PowerConverter.Output.ActivePower", decimals(0), seldom},
	{"ups.realpower", "Flow.[4].ConfigApparentPower", estimatedPower, static},
	{"ups.test.interval", "BatterySystem.Battery.TestPeriod", rw(decimals(0), 8), seldom},
	{"ups.beeper.status", "BatterySystem.Battery.AudibleAlarmControl", beeperStates, seldom},
	{"ups.start.auto", "PowerConverter.Input.[1].AutomaticRestart", rw(yesNo, 5), seldom},
	{"ups.start.battery", "PowerConverter.Input.[3].StartOnBattery", rw(yesNo, 5), seldom},
	{"ups.start.reboot", "PowerConverter.Output.ForcedReboot", rw(yesNo, 5), seldom},
	{"ups.shutdown", "PowerSummary.PresentStatus.Switchable", rw(enabledDisabled, 10), seldom},
	{"ups.date", "PowerSummary.Time", trigger(clockPart(eatonDate), 10), seldom},
	{"ups.time", "PowerSummary.Time", trigger(clockPart(eatonTime), 10), seldom},
	{"ups.type", "PowerConverter.ConverterType", eatonTypes, static},
	{"experimental.ups.mode.buzzwords", "PowerConverter.Input.[5].PresentStatus.Used", eatonBuzzwords, live},
}

var eatonInput = []row{
	{"input.current.nominal", "Flow.[1].ConfigCurrent", decimals(2), static},
	{"input.transfer.low", "PowerConverter.Output.LowVoltageTransfer", rw(decimals(0), 5), seldom},
	{"input.transfer.high", "PowerConverter.Output.HighVoltageTransfer", rw(decimals(0), 5), seldom},
	{"input.transfer.boost.low", "PowerConverter.Output.LowVoltageBoostTransfer", rw(decimals(0), 5), seldom},
	{"input.transfer.boost.high", "PowerConverter.Output.HighVoltageBoostTransfer", rw(decimals(0), 5), seldom},
	{"input.transfer.trim.low", "PowerConverter.Output.LowVoltageBuckTransfer", rw(decimals(0), 5), seldom},
	{"input.transfer.trim.high", "PowerConverter.Output.HighVoltageBuckTransfer", rw(decimals(0), 5), seldom},
	{"input.transfer.eco.low", "PowerConverter.Output.LowVoltageEcoTransfer", rw(decimals(0), 5), seldom},
	{"input.transfer.eco.high", "PowerConverter.Output.HighVoltageEcoTransfer", rw(decimals(0), 5), seldom},
	{"input.transfer.frequency.eco.range", "PowerConverter.Output.FrequencyRangeEcoTransfer", rw(decimals(0), 5), seldom},
	{"input.transfer.bypass.low", "PowerConverter.Output.LowVoltageBypassTransfer", rw(decimals(0), 5), seldom},
	{"input.transfer.bypass.high", "PowerConverter.Output.HighVoltageBypassTransfer", rw(decimals(0), 5), seldom},
	{"input.transfer.frequency.bypass.range", "PowerConverter.Output.FrequencyRangeBypassTransfer", rw(decimals(0), 5), seldom},
	{"input.transfer.hysteresis", "PowerConverter.Output.HysteresisVoltageTransfer", rw(decimals(0), 5), seldom},
	{"input.transfer.bypass.forced", "PowerConverter.Input.[2].ForcedTransferEnable", rw(enabledDisabled, 8), seldom},
	{"input.transfer.bypass.overload", "PowerConverter.Input.[2].OverloadTransferEnable", rw(enabledDisabled, 8), seldom},
	{"input.transfer.bypass.outlimits", "PowerConverter.Input.[2].OutOfToleranceTransferEnable", rw(enabledDisabled, 8), seldom},
	{"input.sensitivity", "PowerConverter.Output.SensitivityMode", rw(eatonSensitivity, 10), seldom},
	{"input.voltage.extended", "PowerConverter.Output.ExtendedVoltageMode", rw(yesNo, 5), seldom},
	{"input.frequency.extended", "PowerConverter.Output.ExtendedFrequencyMode", rw(yesNo, 5), seldom},
	// What is allowed, not what is: the 9E2000i was seen to stay in ECO mode (NUT issue 2719, December 2024).
	{"input.eco.switchable", "PowerConverter.Input.[5].Switchable", rw(eatonEcoSetting, 8), live},
}

var eatonBypass = []row{
	{"input.bypass.voltage", "PowerConverter.Input.[2].Voltage", decimals(1), live},
	{"input.bypass.voltage.nominal", "Flow.[2].ConfigVoltage", decimals(0), static},
	{"input.bypass.current", "PowerConverter.Input.[2].Current", decimals(2), seldom},
	{"input.bypass.current.nominal", "Flow.[2].ConfigCurrent", decimals(2), static},
	{"input.bypass.frequency", "PowerConverter.Input.[2].Frequency", decimals(1), live},
	{"input.bypass.frequency.nominal", "Flow.[2].ConfigFrequency", decimals(0), static},
	{"input.bypass.switch.on", "PowerConverter.Input.[2].SwitchOnControl", trigger(words(map[int64]string{0: "disabled", 1: "on"}), 8), live},
	{"input.bypass.switch.off", "PowerConverter.Input.[2].SwitchOffControl", trigger(words(map[int64]string{0: "disabled", 1: "off"}), 12), live},
	{"input.bypass.switchable", "PowerConverter.Input.[2].Switchable", rw(enabledDisabled, 8), seldom},
}

// trigger makes a variable writable whose field does not keep what is written: it starts something, or goes on counting.
func trigger(c convert, most int) convert {
	c = rw(c, most)
	c.blind = true
	return c
}

func (e eatonModel) output() []row {
	return []row{
		{"output.voltage.nominal", "Flow.[4].ConfigVoltage", e.nominalVoltage(), seldom},
		{"output.current.nominal", "Flow.[4].ConfigCurrent", decimals(2), static},
	}
}

// eatonPhases are the rows of three-phase UPSes.
func eatonPhases() (rows []row) {
	sides := []struct{ name, path string }{
		{"input.", "PowerConverter.Input.[1].Phase."}, {"input.bypass.", "PowerConverter.Input.[2].Phase."}, {"output.", "PowerConverter.Output.Phase."},
	}
	for _, s := range sides {
		for n := 1; n <= 3; n++ {
			next := n%3 + 1
			rows = append(rows,
				row{fmt.Sprintf("%sL%d-N.voltage", s.name, n), fmt.Sprintf("%s[%d].Voltage", s.path, n), decimals(1), seldom},
				row{fmt.Sprintf("%sL%d-L%d.voltage", s.name, n, next), fmt.Sprintf("%s[%d%d].Voltage", s.path, n, next), decimals(1), seldom},
				row{fmt.Sprintf("%sL%d.current", s.name, n), fmt.Sprintf("%s[%d].Current", s.path, n), decimals(1), seldom})
		}
	}
	for n := 1; n <= 3; n++ {
		path := fmt.Sprintf("PowerConverter.Output.Phase.[%d].", n)
		rows = append(rows,
			row{fmt.Sprintf("ups.L%d.power", n), path + "ApparentPower", decimals(0), seldom},
			row{fmt.Sprintf("ups.L%d.realpower", n), path + "ActivePower", decimals(0), seldom})
	}
	return rows
}
