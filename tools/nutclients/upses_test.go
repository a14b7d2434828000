package nutclients

import (
	"time"

	"github.com/upscard/upscard/services/ups"
)

// dummy is what dummy-ups tells. It lets clients set all of it.
const dummy = `
ups.status: OL CHRG
ups.mfr: Dummy
ups.model: Office 1500 #2
ups.serial: 8B0A1F
ups.firmware: 1.0
ups.id: desk
ups.load: 23
ups.realpower.nominal: 900
ups.temperature: 31.5
ups.test.result: No test initiated
battery.charge: 97
battery.charge.low: 20
battery.runtime: 2431
battery.voltage: 27.3
battery.voltage.nominal: 24
battery.temperature: 28
battery.date: 2024/03/01
battery.mfr.date: 2024/03/01
input.voltage: 231.4
input.frequency: 50.0
input.transfer.low: 184
input.transfer.high: 264
output.voltage: 230.1
output.frequency: 50.0
output.power.percent: 23
`

// commands are those that Home Assistant has entities for.
var commands = []string{
	"beeper.disable", "beeper.enable", "beeper.mute", "beeper.toggle", "bypass.start", "bypass.stop", "calibrate.start", "calibrate.stop",
	"load.off", "load.on", "outlet.1.load.cycle", "outlet.1.load.off", "outlet.1.load.on", "reset.input.minmax", "reset.watchdog",
	"shutdown.reboot", "shutdown.reboot.graceful", "shutdown.return", "shutdown.stayoff", "shutdown.stop", "test.battery.start",
	"test.battery.start.deep", "test.battery.start.quick", "test.battery.stop", "test.failure.start", "test.failure.stop", "test.panel.start",
	"test.panel.stop", "test.system.start",
}

// newUPS has a variable of each kind that the protocol knows.
func newUPS() *ups.Snapshot {
	const text, number = ups.RW | ups.String, ups.RW | ups.Number
	vars := map[string]ups.Var{
		"ups.status": {Value: "OL"}, "ups.mfr": {Value: "APC"}, "ups.model": {Value: `Rack "blue" 3000`}, "ups.serial": {Value: "AS1"},
		"ups.firmware": {Value: "928.a8 .D USB FW:a8"}, "ups.load": {Value: "12"}, "ups.power.nominal": {Value: "3000"},
		"ups.temperature": {Value: "29.5"}, "ups.test.result": {Value: "Done and passed"}, "ups.beeper.status": {Value: "enabled"},
		"device.mfr": {Value: "APC"}, "device.model": {Value: `Rack "blue" 3000`}, "device.type": {Value: "ups"},
		"battery.charge": {Value: "100"}, "battery.runtime": {Value: "3600"}, "battery.voltage": {Value: "54.6"}, "battery.type": {Value: "PbAc"},
		"input.voltage": {Value: "229.0"}, "input.frequency": {Value: "50"}, "output.voltage": {Value: "229.0"},
		"ups.id":              {Value: `say "hi" \ #1`, Flags: text, MaxLen: 16},
		"ups.contacts":        {Value: "Prüfer", Flags: text, MaxLen: 32},
		"battery.mfr.date":    {Value: "2024/05/01", Flags: text, MaxLen: 10},
		"battery.charge.low":  {Value: "10", Flags: number, Ranges: []ups.Range{{Min: 5, Max: 50}, {Min: 90, Max: 95}}},
		"ups.delay.shutdown":  {Value: "20", Flags: number},
		"input.sensitivity":   {Value: "medium", Flags: text, MaxLen: 10, Enum: []string{"low", "medium", "high"}},
		"input.transfer.low":  {Value: "176", Flags: number, Ranges: []ups.Range{{Min: 160, Max: 190}}},
		"input.transfer.high": {Value: "256", Flags: number, Enum: []string{"256", "264", "272"}},
		"outlet.1.desc":       {Value: "", Flags: text, MaxLen: 20},
	}
	return ups.NewSnapshot(vars, commands, ups.Fresh, time.Now())
}
