package usbhid

import (
	"fmt"
	"strings"

	"github.com/upscard/upscard/services/hid"
	"github.com/upscard/upscard/services/usb"
)

// apc are the UPSes of American Power Conversion.
var apc = family{
	name:    "APC HID",
	devices: []product{{0x051d, 0}},
	vendor:  "APC",
	about:   "Back-UPS, Smart-UPS and other UPSes of American Power Conversion",
	quirks: []string{
		"Models for 230 V that declare the voltage ranges of 120 V (Back-UPS XS 1400U) have them widened.",
		"Back-UPS ES 525 and Back-UPS CS, which send more than they declare, are asked with room to spare.",
		"The interrupt pipe of products 0003 and 0004 carries a protocol of APC's own and is left alone.",
		"Back-UPS BX...MI, BVK...M2 and BK...M2-CH, which call their battery low or worn for a moment while they look after it, are believed after three seconds on mains.",
		"Dates in APC's own fields are decimal digits, month first.",
		"Model and firmware, which come in one text, are told apart.",
	},
	names: hid.Names{
		0xff860005: "APCGeneralCollection",
		0xff860006: "APCEnvironment",
		0xff860007: "APCProbe1",
		0xff860016: "APCBattReplaceDate",
		0xff860052: "APCLineFailCause",
		0xff860060: "APCStatusFlag",
		0xff860061: "APCSensitivity",
		0xff860072: "APCPanelTest",
		0xff86007c: "APCDelayBeforeReboot",
		0xff86007d: "APCDelayBeforeShutdown",
		0xff86007e: "APCDelayBeforeStartup",
	},
	rows: func(usb.ID) []row { return apcRows },
	flags: []flagRow{
		{off, "PowerSummary.APCStatusFlag", apcOff},
		{voltageRange, "Input.APCLineFailCause", apcCause(1, 2, 4, 8, 9)},
		{frequencyRange, "Input.APCLineFailCause", apcCause(7)},
	},
	commands:    apcCommands,
	identify:    apcFirmware,
	repair:      repairAPC,
	hesitant:    apcHesitant,
	noInterrupt: []uint16{0x0003, 0x0004},
	wide:        []string{"Back-UPS ES 525", "Back-UPS CS"},
}

var apcRows = []row{
	{"battery.runtime", "Battery.RunTimeToEmpty", decimals(0), live},
	{"battery.runtime.low", "Battery.RemainingTimeLimit", rw(decimals(0), 10), seldom},
	{"battery.date", "Battery.APCBattReplaceDate", apcDate, static},
	{"battery.mfr.date", "Battery.ManufacturerDate", rw(date, 10), static},
	{"battery.mfr.date", "PowerSummary.APCBattReplaceDate", apcDate, static},
	{"ups.load", "Output.PercentLoad", decimals(1), seldom},
	{"ups.timer.shutdown", "PowerSummary.DelayBeforeShutdown", decimals(0), live},
	{"ups.timer.shutdown", "Output.DelayBeforeShutdown", decimals(0), live},
	{"ups.timer.shutdown", "APCGeneralCollection.APCDelayBeforeShutdown", decimals(0), live},
	{"ups.timer.start", "PowerSummary.DelayBeforeStartup", decimals(0), live},
	{"ups.timer.start", "Output.DelayBeforeStartup", decimals(0), live},
	{"ups.timer.start", "APCGeneralCollection.APCDelayBeforeStartup", decimals(0), live},
	{"ups.timer.reboot", "PowerSummary.DelayBeforeReboot", decimals(0), live},
	{"ups.timer.reboot", "Output.DelayBeforeReboot", decimals(0), live},
	{"ups.timer.reboot", "APCGeneralCollection.APCDelayBeforeReboot", decimals(0), live},
	{"ups.delay.shutdown", "APCGeneralCollection.APCDelayBeforeShutdown", kept("20"), static},
	{"ups.delay.start", "APCGeneralCollection.APCDelayBeforeStartup", kept("30"), static},
	{"input.transfer.low", "Output.LowVoltageTransfer", rw(decimals(0), 10), seldom},
	{"input.transfer.high", "Output.HighVoltageTransfer", rw(decimals(0), 10), seldom},
	{"input.sensitivity", "Input.APCSensitivity", rw(words(map[int64]string{0: "low", 1: "medium", 2: "high"}), 10), seldom},
	{"output.voltage.nominal", "Output.ConfigVoltage", decimals(1), static},
	{"ambient.temperature", "APCEnvironment.APCProbe1.Temperature", celsius, seldom},
	{"ambient.humidity", "APCEnvironment.APCProbe1.Humidity", decimals(1), seldom},
}

var apcCommands = []commandRow{
	{"test.panel.start", "APCPanelTest", pulse(1)},
	{"test.panel.start", "PowerSummary.APCPanelTest", pulse(1)},
	{"test.panel.stop", "APCPanelTest", pulse(0)},
	{"test.panel.stop", "PowerSummary.APCPanelTest", pulse(0)},
	{"beeper.on", "PowerSummary.AudibleAlarmControl", fixed(2)},
	{"beeper.off", "PowerSummary.AudibleAlarmControl", fixed(3)},
	{"load.off.delay", "APCGeneralCollection.APCDelayBeforeShutdown", after("ups.delay.shutdown", 20)},
	{"load.on.delay", "APCGeneralCollection.APCDelayBeforeStartup", after("ups.delay.start", 30)},
	{"shutdown.stop", "APCGeneralCollection.APCDelayBeforeShutdown", fixed(abort)},
	{"shutdown.reboot", "APCGeneralCollection.APCDelayBeforeReboot", fixed(10)},
	{"shutdown.return", "Output.APCDelayBeforeReboot", pulse(1)}, // Back-UPS CS
}

// apcDate is the date of APC's own fields: decimal digits in the nibbles of MMDDYY, 0x102202 for 22 October 2002.
var apcDate = convert{
	show: func(v float64, _ *inputs) (string, bool) {
		n := int64(v)
		if n == 0 {
			return "not set", true
		}
		digits := func(shift int) int64 { return n>>shift&0x0f + 10*(n>>(shift+4)&0x0f) }
		year := digits(0) + 2000
		if year >= 2070 {
			year -= 100
		}
		return fmt.Sprintf("%04d/%02d/%02d", year, digits(16), digits(8)), true
	},
	parse: func(s string, _ *inputs) (float64, error) {
		t, err := parseDate(s)
		if err != nil || t.Year() < 1970 || t.Year() >= 2070 {
			return 0, fmt.Errorf("%w: want a date from 1970/01/01 to 2069/12/31, got %q", ErrInvalid, s)
		}
		nibbles := func(n int) int { return n/10<<4 | n%10 }
		return float64(nibbles(int(t.Month()))<<16 | nibbles(t.Day())<<8 | nibbles(t.Year()%100)), nil
	},
}

// apcOff reads APCStatusFlag of the Back-UPS LS 500: 8 while it works, 16 for a moment after it was switched on, 0 while off.
func apcOff(raw int64) (on, known bool) {
	return raw == 0, raw == 0 || raw == 8 || raw == 16
}

// apcCause reads APCLineFailCause, the reason of the last transfer to battery; 0 is none.
func apcCause(causes ...int64) sense {
	return func(raw int64) (on, known bool) {
		for _, c := range causes {
			if raw == c {
				return true, true
			}
		}
		return false, raw == 0
	}
}

// apcFirmware splits a product string such as "Back-UPS RS 1000 FW:7.g8 .D USB FW:g8".
func apcFirmware(id usb.ID, vars map[string]string) {
	model, rest, ok := strings.Cut(id.ProductName, "FW:")
	if !ok {
		return
	}
	vars["ups.model"] = model
	firmware, aux, ok := strings.Cut(rest, "USB FW:")
	vars["ups.firmware"] = firmware
	if ok {
		vars["ups.firmware.aux"] = aux
	}
}

// repairAPC widens the input voltages of UPSes made for 230 V that declare the ranges of those for 120 V (Back-UPS XS 1400U).
func repairAPC(id usb.ID, d *hid.Descriptor) {
	if id.Product != 0x0002 {
		return
	}
	transfer := fieldOf(d, 0x33, "HighVoltageTransfer")
	if transfer == nil {
		return
	}
	high := transfer.LogicalMax
	if voltage := fieldOf(d, 0x31, "Voltage"); voltage != nil && high > voltage.LogicalMax {
		voltage.LogicalMin, voltage.LogicalMax = 0, 2*high
	}
	if nominal := fieldOf(d, 0x30, "ConfigVoltage"); nominal != nil && high > nominal.LogicalMax {
		nominal.LogicalMax = 255
	}
}

// fieldOf returns the first field of the report with the usage, or nil.
func fieldOf(d *hid.Descriptor, id uint8, usage string) *hid.Field {
	for i := range d.Fields {
		if f := &d.Fields[i]; f.ReportID == id && f.Usage().String() == usage {
			return f
		}
	}
	return nil
}
