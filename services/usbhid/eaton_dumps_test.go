package usbhid

func init() {
	captureTexts["eaton-3s-700"] = map[uint8]string{6: "", 8: "", 11: ""}
	prerequisites[&eaton] = map[string]map[string]string{"battery.charger.status": {eatonMonitored: "1"}}
	uncovered[eaton.name] = map[string]string{
		"outlet.0.id":           "NUT 2.2 called outlet so",
		"outlet.0.desc":         "NUT 2.2 called outlet so",
		"outlet.0.switchable":   "NUT 2.2 called outlet so",
		"ups.temperature=294.0": "kelvin: NUT 2.4.1 did not convert it",
		"ups.temperature=302.0": "kelvin: NUT 2.4.1 did not convert it",
		"fault.site.status":     "of the NUT in EqualLogic's appliance; nobody knows what it reads",
	}
}
