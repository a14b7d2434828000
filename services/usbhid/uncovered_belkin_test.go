package usbhid

func init() {
	// The reference run took its strings from another unit's upsc listing, in which two lines had run together and the serial was left out.
	captureTexts["liebert-gxt4"] = map[uint8]string{3: "", 6: "PbAcbattery.voltage"}
	uncovered["Belkin/Liebert HID"] = map[string]string{
		"ups.delay.restart": "NUT 2.2's name of ups.timer.start",
	}
}
