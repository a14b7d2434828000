package usbhid

import (
	"slices"
	"strings"

	"github.com/upscard/upscard/services/hid"
	"github.com/upscard/upscard/services/usb"
)

// eaton are the UPSes of Eaton, formerly MGE UPS SYSTEMS, and those that are made alike or were rebadged: Dell, HP, IBM, Powerware, AEG,
// KSTAR and Phoenixtec's PowerWalker. HP's 1f.. and 1fe0 to 1fe3 are made by Tripp Lite.
var eaton = family{
	name:  "MGE HID",
	about: "UPSes of Eaton, formerly MGE UPS SYSTEMS, and those that are made alike for Dell, HP, IBM, Powerware, AEG, KSTAR and PowerWalker",
	quirks: []string{
		"Where the charger is managed (ABM), the battery's state is read from the charger and not from Charging and Discharging, which say nothing then.",
		"The battery's voltage is shown of those models only whose fields for it are the battery's.",
		"KSTAR's field that has the usage of the beeper's settings and is none is left out.",
	},
	devices: []product{
		{0x0463, 0},
		{0x047c, 0xffff},
		{0x03f0, 0x1fe5}, {0x03f0, 0x1fe6}, {0x03f0, 0x1fe7}, {0x03f0, 0x1fe8},
		{0x04b3, 0x0001},
		{0x0592, 0x0004},
		{0x2b2d, 0},
		{phoenixtecVendor, 0xffff},
		{kstar, 0x0001},
	},
	claims:   eatonClaims,
	names:    eatonNames,
	rows:     eatonRows,
	flags:    eatonFlags,
	commands: eatonCommands,
	alarms:   eatonAlarms,
	// Most models fill the fields of the summary with something else than the battery's voltage: eatonRows knows which do not.
	without: []string{"battery.voltage", "battery.voltage.nominal"},
	vendor:  "Eaton",
	repair:  repairKSTAR,
}

// Vendors that the table treats apart.
const (
	dell  = 0x047c
	kstar = 0x09d6
)

func eatonClaims(id usb.ID) bool {
	switch id.Vendor {
	case phoenixtecVendor: // AEG PROTECT NAS, PowerWalker VI SH; all others say "Offline UPS" and the like
		return strings.Contains(id.Manufacturer, "AEG") || strings.Contains(id.ProductName, "AEG") || strings.HasPrefix(id.ProductName, "PowerWalker")
	case kstar: // of others with this id only protocols that are not HID are known
		return strings.Contains(id.Manufacturer, "KSTAR")
	}
	return true
}

// repairKSTAR takes away what has the usage of the beeper's settings and is one bit of a status ("UPS HI", capture ups-hi-09d6): it would be
// read as a beeper that is disabled, before the settings proper.
func repairKSTAR(id usb.ID, d *hid.Descriptor) {
	if id.Vendor == kstar {
		d.Fields = slices.DeleteFunc(d.Fields, func(f hid.Field) bool {
			return f.Usage().String() == "AudibleAlarmControl" && f.LogicalMax < 3
		})
	}
}

// eatonFlags are flags beside those of the class. Where ABM (advanced battery monitoring) is enabled, Charging and Discharging of the
// summary say nothing: the charger's mode or status does.
var eatonFlags = []flagRow{
	{acPresent, "PowerSummary.PresentStatus.ACPresent", isSet},
	{acPresent, "PowerConverter.Input.[1].PresentStatus.Used", isSet},
	{acPresent, "PowerConverter.Input.[1].PresentStatus.VoltageTooLow", isClear},
	{batteryUsed, "PowerConverter.Input.[3].PresentStatus.Used", isSet},
	{batteryUsed, "PowerConverter.Input.[1].PresentStatus.Used", isClear},
	{ecoMode, "PowerConverter.Input.[5].PresentStatus.Used", isSet},
	{off, "PowerSummary.PresentStatus.Good", isClear},
	{monitored, "BatterySystem.Charger.ABMEnable", isSet},
	{abmCharging, "BatterySystem.Charger.Mode", isOneOf(1, 3)},
	{abmCharging, "BatterySystem.Charger.Status", isOneOf(1, 2)},
	{abmDischarging, "BatterySystem.Charger.Mode", isOneOf(2)},
	{abmDischarging, "BatterySystem.Charger.Status", isOneOf(4)},
	{overload, "PowerSummary.PresentStatus.Overload", isSet},
	{overload, "PowerConverter.Output.Overload.[1].PresentStatus.OverThreshold", isSet}, // the lowest of the thresholds
	{overload, "PowerConverter.Output.Overload.[2].PresentStatus.OverThreshold", isSet},
	{batteryAged, "LCMSystem.LCMAlarm.[2].PresentStatus.TimerExpired", isSet},
	{fanFailed, "PowerSummary.PresentStatus.FanFailure", isSet},
	{batteryVoltageHigh, "BatterySystem.Charger.PresentStatus.VoltageTooHigh", isSet},
	{batteryVoltageHigh, "BatterySystem.Battery.PresentStatus.VoltageTooHigh", isSet},
	{batteryVoltageLow, "BatterySystem.Charger.PresentStatus.VoltageTooLow", isSet},
	{voltageRange, "PowerConverter.Input.[1].PresentStatus.VoltageOutOfRange", isSet},
	{voltageRange, "PowerConverter.Input.[1].PresentStatus.VoltageTooHigh", isSet},
}

// isOneOf is for a field that tells one state of several; 0 and 5 are none.
func isOneOf(states ...int64) sense {
	return func(raw int64) (on, known bool) {
		for _, s := range states {
			if raw == s {
				return true, true
			}
		}
		return false, raw >= 1 && raw <= 6 && raw != 5
	}
}

var eatonAlarms = []alarmRow{
	{"PowerSummary.PresentStatus.EmergencyStop", map[int64]string{1: "Emergency stop!"}},
	{"PowerConverter.Input.[1].PresentStatus.WiringFault", map[int64]string{1: "Wiring fault!"}},
	{"PowerSummary.PresentStatus.ConfigurationFailure", map[int64]string{1: "Fatal EEPROM fault!"}},
	{"PowerConverter.Inverter.PresentStatus.VoltageTooHigh", map[int64]string{1: "Inverter AC voltage too high!"}},
	{"PowerConverter.Inverter.PresentStatus.VoltageTooLow", map[int64]string{1: "Inverter AC voltage too low!"}},
	{"PowerConverter.Output.PresentStatus.ShortCircuit", map[int64]string{1: "Output short circuit!"}},
}

// eatonCommands are commands beside those of the class. The 3S has the beeper in two places, of which the battery's works.
var eatonCommands = append([]commandRow{
	{"beeper.disable", "BatterySystem.Battery.AudibleAlarmControl", fixed(1)},
	{"beeper.enable", "BatterySystem.Battery.AudibleAlarmControl", fixed(2)},
	{"beeper.mute", "BatterySystem.Battery.AudibleAlarmControl", fixed(3)},
	{"beeper.off", "PowerSummary.AudibleAlarmControl", fixed(1)},
	{"beeper.on", "PowerSummary.AudibleAlarmControl", fixed(2)},
	{"bypass.start", "PowerConverter.Input.[2].SwitchOnControl", pulse(1)},
	{"bypass.stop", "PowerConverter.Input.[2].SwitchOffControl", pulse(1)},
	{"experimental.ecomode.start", "PowerConverter.Input.[5].Switchable", fixed(1)},
	{"experimental.ecomode.stop", "PowerConverter.Input.[5].Switchable", fixed(0)},
	{"experimental.essmode.start", "PowerConverter.Input.[5].Switchable", fixed(2)},
	{"experimental.essmode.stop", "PowerConverter.Input.[5].Switchable", fixed(0)},
}, eatonOutletCommands()...)
