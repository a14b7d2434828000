package usbhid

var belkinRows = []row{
	{"battery.charge", "BELKINBatterySystem.BELKINCharge", decimals(0), live}, // PowerSummary's is wrong on Belkin's
	{"battery.charge.low", "PowerSummary.RemainingCapacityLimit", decimals(0), seldom},
	{"battery.voltage", "BELKINBatterySystem.BELKINVoltage", scaled(0.1, 1), seldom},
	{"battery.voltage", "PowerSummary.Voltage", decimals(1), seldom},
	{"battery.voltage.nominal", "BELKINConfig.BELKINConfigBatteryVoltage", decimals(0), static},
	{"battery.voltage.nominal", "PowerSummary.ConfigVoltage", decimals(1), static},

	{"input.frequency", "BELKINPowerState.BELKINInput.BELKINFrequency", scaled(0.1, 1), seldom},
	{"input.frequency", "PowerConverter?.Input.Frequency", mainsHertz, seldom}, // tenths (PowerSure PSA) or hundredths (PSI5)
	{"input.frequency.nominal", "BELKINConfig.BELKINConfigFrequency", decimals(0), static},
	{"input.sensitivity", "BELKINDevice.BELKINVoltageSensitivity", rw(words(map[int64]string{0: "normal", 1: "reduced", 2: "low"}), 10), seldom},
	{"input.transfer.high", "BELKINConfig.BELKINHighVoltageTransfer", rw(decimals(0), 10), seldom},
	{"input.transfer.high.max", "BELKINConfig.BELKINHighVoltageTransferMax", decimals(0), static},
	{"input.transfer.high.min", "BELKINConfig.BELKINHighVoltageTransferMin", decimals(0), static},
	{"input.transfer.low", "BELKINConfig.BELKINLowVoltageTransfer", rw(decimals(0), 10), seldom},
	{"input.transfer.low.max", "BELKINConfig.BELKINLowVoltageTransferMax", decimals(0), static},
	{"input.transfer.low.min", "BELKINConfig.BELKINLowVoltageTransferMin", decimals(0), static},
	{"input.voltage", "BELKINPowerState.BELKINInput.BELKINVoltage", scaled(0.1, 1), seldom},
	{"input.voltage.nominal", "BELKINConfig.BELKINConfigVoltage", decimals(0), static},

	{"output.frequency", "BELKINPowerState.BELKINOutput.BELKINFrequency", scaled(0.1, 1), seldom},
	{"output.frequency", "PowerConverter?.Output.Frequency", mainsHertz, seldom},
	{"output.voltage", "BELKINPowerState.BELKINOutput.BELKINVoltage", scaled(0.1, 1), seldom},

	{"ups.beeper.status", "BELKINControls.BELKINAudibleAlarmControl", beeperStates, seldom},
	{"ups.delay.start", "BELKINControls.BELKINDelayBeforeStartup", kept("30"), static},
	{"ups.delay.shutdown", "BELKINControls.BELKINDelayBeforeShutdown", kept("20"), static},
	{"ups.timer.start", "BELKINControls.BELKINDelayBeforeStartup", minutes, live},
	{"ups.timer.shutdown", "BELKINControls.BELKINDelayBeforeShutdown", decimals(0), live},
	{"ups.timer.reboot", "BELKINControls.BELKINDelayBeforeReboot", decimals(0), live},
	{"ups.firmware", "BELKINDevice.BELKINUPSType", belkinFirmware, static},
	{"ups.type", "BELKINDevice.BELKINUPSType", belkinType, static},
	{"ups.load", "BELKINPowerState.BELKINOutput.BELKINPercentLoad", decimals(0), seldom},
	{"ups.load.high", "BELKINConfig.BELKINConfigOverloadTransfer", decimals(0), static},
	{"ups.power.nominal", "BELKINConfig.BELKINConfigApparentPower", decimals(0), static},
	{"ups.serial", "PowerSummary.iSerialNumber", text, static},
	{"device.serial", "PowerSummary.iSerialNumber", text, static},
	{"ups.temperature", "BELKINPowerState.BELKINTemperature", celsius, seldom},
	{"ups.test.result", "BELKINControls.BELKINTest", words(map[int64]string{
		0: "No test initiated", 1: "Done and passed", 2: "Done and warning", 3: "Done and error", 4: "Aborted", inProgress: "In progress",
	}), seldom},
}

// belkinFirmware is all but the low four bits of BELKINUPSType, belkinType those.
var belkinFirmware = shown(func(v float64, _ *inputs) (string, bool) { return format(float64(int64(v)>>4), 0) })

var belkinType = shown(func(v float64, _ *inputs) (string, bool) {
	kind := map[int64]string{1: "offline", 2: "line-interactive", 3: "simple online", 4: "simple offline", 5: "simple line-interactive"}[int64(v)&0x0f]
	if kind == "" {
		kind = "online"
	}
	return kind, true
})
