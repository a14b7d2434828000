package usbhid

func init() {
	reasons := make(map[string]string)
	for _, name := range []string{
		"capacitygranularity1", "capacitymode", "designcapacity", "flowid", "imanufacturer", "iproduct", "powersummaryid", "rechargeable",
	} {
		reasons["unmapped.ups.powersummary."+name] = "NUT 2.2 and builds for its developers show so what has no name; numbers of strings and the like"
	}
	uncovered["Phoenixtec/Liebert HID"] = reasons
}
