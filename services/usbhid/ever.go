package usbhid

import (
	"github.com/upscard/upscard/services/hid"
	"github.com/upscard/upscard/services/usb"
)

// ever are the UPSes of EVER, among them those with ST Microelectronics' vendor id. What their vendor's usages mean is known from EVER's own
// contribution to NUT; the collections of states hold one bit for each.
var ever = family{
	name:    "Ever HID",
	devices: []product{{0x2e51, 0}, {0x0483, 0xa113}},
	vendor:  "Ever",
	about:   "UPSes of EVER",
	quirks: []string{
		"Mode, messages and alarms, each of which is one bit of several, are put together; alarms are in ups.alarm too.",
		"What switches the load is a command and cannot be set as a variable.",
	},
	names: hid.Names{
		0x00000000: "Ever", // a collection without a usage holds all that is the vendor's own

		0xff000011: "InverterFirmware", 0xff000012: "InterfaceFirmware", 0xff000013: "Hardware",
		0xff000014: "InverterProtocol", 0xff000015: "InterfaceProtocol",

		0xff000016: "Messages", 0xff000017: "Overloaded", 0xff000018: "LowBattery", 0xff000019: "Boosting", 0xff00001a: "Bucking",
		0xff00001d: "ChargerOn", 0xff000020: "WornBattery",

		0xff000030: "Alarms", 0xff000031: "OverloadStop", 0xff000032: "ShortCircuit", 0xff000033: "Overheated", 0xff000034: "BatteryOverheated",
		0xff000035: "EPO", 0xff000036: "InternalError", 0xff000037: "ReversePower", 0xff000038: "NoInternalLink", 0xff000039: "CriticalBatteryVoltage",

		0xff000040: "HeatsinkTemperature", 0xff000041: "BatteryTemperature", 0xff000042: "PowerFactor",

		0xff000043: "Control", 0xff000044: "On", 0xff000045: "ClearFault", 0xff000046: "ClearBatteryFault",
		0xff000050: "Settings", 0xff000051: "EPOBlocked", 0xff000052: "GreenMode", 0xff000053: "ButtonSound", 0xff000054: "AudibleAlarm",

		0xff000060: "SetOutputVoltage", 0xff000066: "OverloadCleared", 0xff000067: "ChargeToStart", 0xff000068: "ExternalPacks",

		0xff000069: "MainsLosses", 0xff00006a: "Bucks", 0xff00006b: "Boosts", 0xff00006c: "Overloads", 0xff00006d: "ShortCircuits",
		0xff00006e: "Discharges", 0xff00006f: "Overheatings", 0xff000070: "MainsTime", 0xff000071: "BatteryTime", 0xff000072: "OverloadTime",

		0xff000074: "NotifiedAddress",
		0xff000078: "Sent", 0xff000079: "Received", 0xff00007a: "SendErrors", 0xff00007b: "ReceiveErrors",
		0xff000080: "Network", 0xff000081: "DHCP", 0xff000082: "Ethernet", 0xff000083: "HTTP", 0xff000084: "SNMP",
		0xff000085: "SNMPTraps", 0xff000086: "ReadOnly", 0xff00008b: "Restart",
		0xff000088: "Address", 0xff000089: "Mask", 0xff00008a: "Gateway",

		0xff000090: "Modes",

		everAll: "All",
	},
	rows: func(usb.ID) []row { return everRows },
	flags: []flagRow{
		{overload, "PowerSummary?.PresentStatus.Overload", isSet},
		{overload, "Ever.Messages.Overloaded", isSet},
		{overload, "Ever.Alarms.OverloadStop", isSet},
		{lowBattery, "Ever.Messages.LowBattery", isSet},
		{boost, "Ever.Messages.Boosting", isSet},
		{trim, "Ever.Messages.Bucking", isSet},
		{charging, "Ever.Messages.ChargerOn", isSet},
		{replaceBattery, "PowerSummary?.PresentStatus.NeedReplacement", isSet},
		{replaceBattery, "Ever.Messages.WornBattery", isSet},
		{fault, "PowerSummary.PresentStatus.CommunicationLost", isSet},
		{fault, "Ever.Alarms.NoInternalLink", isSet},
		{off, "Ever.Modes.All", everOff},
	},
	commands: []commandRow{
		// There is no DelayBeforeStartup: the UPS comes back with the mains by itself.
		{"shutdown.return", "PowerSummary.DelayBeforeShutdown", after("ups.delay.shutdown", 20)},
		{"outlet.1.load.off", "OutletSystem.Outlet.SwitchOffControl", pulse(1)}, // HID Power Device Class 1.0, 4.1.4: 1 starts the sequence
		{"outlet.1.load.on", "OutletSystem.Outlet.SwitchOnControl", pulse(1)},
	},
	alarms: []alarmRow{
		{"Ever.Alarms.OverloadStop", map[int64]string{1: "Overload!"}},
		{"Ever.Alarms.ShortCircuit", map[int64]string{1: "Short circuit!"}},
		{"Ever.Alarms.Overheated", map[int64]string{1: "Temperature too high!"}},
		{"Ever.Alarms.BatteryOverheated", map[int64]string{1: "Temperature too high!"}},
		{"Ever.Alarms.EPO", map[int64]string{1: "Emergency power off!"}},
		{"Ever.Alarms.InternalError", map[int64]string{1: "Internal UPS fault!"}},
		{"Ever.Alarms.ReversePower", map[int64]string{1: "Reverse power supply!"}},
		{"Ever.Alarms.CriticalBatteryVoltage", map[int64]string{1: "Battery voltage too low!"}},
	},
	without: []string{"input.voltage.nominal", "input.frequency.nominal"}, // the one Flow is the output's
	repair:  repairEver,
}

var everRows = []row{
	{"battery.capacity", "PowerSummary.DesignCapacity", decimals(0), static},
	{"battery.capacity", "PowerSummary.FullChargeCapacity", decimals(0), static},
	{"battery.packs.external", "Ever.ExternalPacks", rw(decimals(0), 1), seldom},
	{"battery.temperature", "Ever.BatteryTemperature", celsius, seldom},
	{"ups.temperature", "Ever.HeatsinkTemperature", celsius, seldom},
	{"output.powerfactor", "Ever.PowerFactor", decimals(2), seldom},
	// NUT calls the setting output.voltage and so hides what is measured.
	{"output.voltage.nominal", "Ever.SetOutputVoltage", rw(decimals(0), 3), seldom},

	{"outlet.1.id", "OutletSystem.Outlet.OutletID", decimals(0), static},
	{"outlet.1.switchable", "OutletSystem.Outlet.PresentStatus.Switchable", yesNo, static},
	{"outlet.1.status", "OutletSystem.Outlet.PresentStatus.SwitchOn/Off", onOff, seldom},
	{"experimental.outlet.1.present", "OutletSystem.Outlet.PresentStatus.Present", yesNo, seldom},
	{"experimental.outlet.1.undefined", "OutletSystem.Outlet.PresentStatus.Undefined", decimals(0), seldom},
	{"experimental.outlet.1.system_id", "OutletSystem.OutletSystemID", decimals(0), static},

	{"experimental.status.workmode", "Ever.Modes.All", everModes, live},
	{"experimental.status.messages", "Ever.Messages.All", bitWords("", "", "BOOST", "BUCK", "BOOST_BLOCKED", "BUCK_BLOCKED", "CHARGING", "FAN_ON",
		"EPO_BLOCKED", "NEED_REPLACMENT", "OVERHEAT", "OVERHEAT", "WAITING_FOR_MIN_CHARGE", "MAINS_OUT_OF_RANGE"), live}, // NUT's spelling
	{"experimental.status.alarms", "Ever.Alarms.All", bitWords("OVERLOAD", "SHORT-CIRCUIT", "OVERHEAT", "OVERHEAT", "EPO", "INERNAL_ERROR",
		"REVERSE_POWER_SUPPLY", "NO_INETERNAL_COMM", "CRITICAL_BATT_VOLTAGE"), live},

	{"experimental.id.firmware_version_inverter", "Ever.InverterFirmware", everVersion, static},
	{"experimental.id.firmware_version_interfaces", "Ever.InterfaceFirmware", everVersion, static},
	{"experimental.id.hardware_version", "Ever.Hardware", everRevision, static},
	{"experimental.id.protocol_version_inverter", "Ever.InverterProtocol", everVersion, static},
	{"experimental.id.protocol_version_interfaces", "Ever.InterfaceProtocol", everVersion, static},

	// What switches the load is for commands: experimental.control.ups_on only tells.
	{"experimental.control.ups_on", "Ever.Control.On", decimals(0), seldom},
	{"experimental.control.clear_fault", "Ever.Control.ClearFault", rw(decimals(0), 1), seldom},
	{"experimental.control.clear_battery_fault", "Ever.Control.ClearBatteryFault", rw(decimals(0), 1), seldom},
	{"experimental.control.epo_blocked", "Ever.Settings.EPOBlocked", rw(decimals(0), 1), seldom},
	{"experimental.control.green_mode", "Ever.Settings.GreenMode", rw(decimals(0), 1), seldom},
	{"experimental.control.button_sound", "Ever.Settings.ButtonSound", rw(decimals(0), 1), seldom},
	{"experimental.control.audible_alarm", "Ever.Settings.AudibleAlarm", rw(decimals(0), 1), seldom},
	{"experimental.config.overload_clearance_threshold", "Ever.OverloadCleared", rw(decimals(0), 2), seldom},
	{"experimental.config.stb_charge", "Ever.ChargeToStart", rw(decimals(0), 2), seldom},
	{"experimental.outlet.1.switch_off_control", "OutletSystem.Outlet.SwitchOffControl", decimals(0), seldom},
	{"experimental.outlet.1.switch_on_control", "OutletSystem.Outlet.SwitchOnControl", decimals(0), seldom},

	{"experimental.statistics.mains_loss_counter", "Ever.MainsLosses", decimals(0), seldom},
	{"experimental.statistics.lowering_AVR_trigger_counter", "Ever.Bucks", decimals(0), seldom},
	{"experimental.statistics.rising_AVR_trigger_counter", "Ever.Boosts", decimals(0), seldom},
	{"experimental.statistics.overload_counter", "Ever.Overloads", decimals(0), seldom},
	{"experimental.statistics.short_circuit_counter", "Ever.ShortCircuits", decimals(0), seldom},
	{"experimental.statistics.discharge_counter", "Ever.Discharges", decimals(0), seldom},
	{"experimental.statistics.overheat_counter", "Ever.Overheatings", decimals(0), seldom},
	{"experimental.statistics.mains_operation_time", "Ever.MainsTime", decimals(0), seldom},
	{"experimental.statistics.autonomous_operation_time", "Ever.BatteryTime", decimals(0), seldom},
	{"experimental.statistics.overload_operation_time", "Ever.OverloadTime", decimals(0), seldom},

	{"experimental.networkcard.notification_destination_ip", "Ever.NotifiedAddress", everAddress, seldom},
	{"experimental.networkcard.send_packets", "Ever.Sent", decimals(0), seldom},
	{"experimental.networkcard.received_packets", "Ever.Received", decimals(0), seldom},
	{"experimental.networkcard.send_packets_err", "Ever.SendErrors", decimals(0), seldom},
	{"experimental.networkcard.received_packets_err", "Ever.ReceiveErrors", decimals(0), seldom},
	{"experimental.networkcard.config_dhcp_enabled", "Ever.Network.DHCP", decimals(0), seldom},
	{"experimental.networkcard.config_ethernet_enabled", "Ever.Network.Ethernet", decimals(0), seldom},
	{"experimental.networkcard.config_http_enabled", "Ever.Network.HTTP", decimals(0), seldom},
	{"experimental.networkcard.config_snmp_enabled", "Ever.Network.SNMP", decimals(0), seldom},
	{"experimental.networkcard.config_snmp_trap_enabled", "Ever.Network.SNMPTraps", decimals(0), seldom},
	{"experimental.networkcard.config_readonly", "Ever.Network.ReadOnly", decimals(0), seldom},
	{"experimental.networkcard.config_restart_eth", "Ever.Network.Restart", decimals(0), seldom},
	{"experimental.networkcard.ip_address", "Ever.Address", everAddress, seldom},
	{"experimental.networkcard.network_mask", "Ever.Mask", everAddress, seldom},
	{"experimental.networkcard.default_gateway", "Ever.Gateway", everAddress, seldom},

	{"experimental.battery.batteryid", "BatterySystem.Battery.BatteryID", decimals(0), static},
	{"experimental.battery.systemid", "BatterySystem.BatterySystemID", decimals(0), static},
	{"experimental.battery.chargerid", "BatterySystem.Charger.ChargerID", decimals(0), static},
	{"experimental.battery.input_flowid", "BatterySystem.Input.FlowID", decimals(0), static},
	{"experimental.battery.input_id", "BatterySystem.Input.InputID", decimals(0), static},
	{"experimental.battery.output_flowid", "BatterySystem.Output.FlowID", decimals(0), static},
	{"experimental.battery.output_id", "BatterySystem.Output.OutputID", decimals(0), static},
	{"experimental.ups.flow_id", "Flow.FlowID", decimals(0), static},
	{"experimental.powerconverter.powerconverterid", "PowerConverter.PowerConverterID", decimals(0), static},
	{"experimental.powerconverter.input_flow_id", "PowerConverter.Input.FlowID", decimals(0), static},
	{"experimental.powerconverter.input_id", "PowerConverter.Input.InputID", decimals(0), static},
	{"experimental.powerconverter.output_flowid", "PowerConverter.Output.FlowID", decimals(0), static},
	{"experimental.powerconverter.output_id", "PowerConverter.Output.OutputID", decimals(0), static},
	{"experimental.powersummary.capacity_granularity_1", "PowerSummary.CapacityGranularity1", decimals(0), static},
	{"experimental.powersummary.capacity_granularity_2", "PowerSummary.CapacityGranularity2", decimals(0), static},
	{"experimental.powersummary.capacity_mode", "PowerSummary.CapacityMode", decimals(0), static},
	{"experimental.powersummary.flow_id", "PowerSummary.FlowID", decimals(0), static},
	{"experimental.powersummary.rechargeable", "PowerSummary.Rechargeable", decimals(0), static},
}
