package usbhid

func init() {
	uncovered["PowerCOM HID"] = map[string]string{
		"battery.date": "NUT 2.7's name of battery.mfr.date",
	}
}
