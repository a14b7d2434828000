package usbhid

func init() {
	uncovered["TrippLite HID"] = map[string]string{
		"battery.type=":         "OMNI1000LCD: the string must not be read, as NUT has it since; it was shown as nothing, is shown as unknown",
		"output.voltage=1222.0": "SMART1000LCD of protocol 2007: tenths of a volt, as its input voltage of 122.2 V shows; we show 122.2",
		"ups.delay.reboot":      "NUT 2.1's name of ups.timer.reboot",
		"ups.delay.restart":     "NUT 2.1's name of ups.timer.start",
		"ups.test.result=0":     "NUT 2.1 showed numbers; HID Power Device Class 1.0, 4.1.5, has no result 0",
	}
}
