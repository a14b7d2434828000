package usbhid

import "fmt"

// Outlets are numbered from 1, which NUT calls outlet and means all of them; outlet.1 is number 2.
const eatonOutlets = 4

// outlets are the rows of the outlets and groups of outlets.
func (e eatonModel) outlets() []row {
	rows := []row{
		{"outlet.id", "OutletSystem.Outlet.[1].OutletID", decimals(0), static},
		{"outlet.desc", "OutletSystem.Outlet.[1].OutletID", keptText("Main Outlet", 20), static},
		{"outlet.switchable", "OutletSystem.Outlet.[1].PresentStatus.Switchable", yesNo, static},
	}
	if eatonTraitsOf(e.product)&(outletEco|outletEcoExport) != 0 || e.product == "3S" {
		rows = append(rows, row{"outlet.power", "OutletSystem.Outlet.[1].ConfigApparentPower", e.threshold(), seldom})
	}
	rows = append(rows, outletMeters("outlet.", 1)...)
	for i := 2; i <= eatonOutlets; i++ {
		rows = append(rows, e.outlet(i)...)
		rows = append(rows, outletMeters(fmt.Sprintf("outlet.%d.", i-1), i)...)
	}
	// Models with one outlet that the battery does not feed do not list it: it has power while the mains have.
	return append(rows, row{"outlet.1.status", "PowerSummary.PresentStatus.ACPresent", onOff, live})
}

// outlet are the rows of outlet number i.
func (e eatonModel) outlet(i int) []row {
	name, path := fmt.Sprintf("outlet.%d.", i-1), fmt.Sprintf("OutletSystem.Outlet.[%d].", i)
	switchable := yesNo
	if i > 2 {
		switchable = e.byLoad(yesNo, 3)
	}
	return []row{
		{name + "id", path + "OutletID", decimals(0), static},
		{name + "desc", path + "OutletID", keptText(fmt.Sprintf("PowerShare Outlet %d", i-1), 20), static},
		{name + "switchable", path + "PresentStatus.Switchable", switchable, seldom},
		{name + "status", path + "PresentStatus.SwitchOn/Off", onOff, seldom},
		{name + "protect.status", path + "Status", eatonProtection, seldom},
		{name + "designator", path + "iDesignator", text, static},
		{name + "autoswitch.charge.low", path + "RemainingCapacityLimit", rw(decimals(0), 3), seldom},
		{name + "delay.shutdown", path + "ShutdownTimer", rw(decimals(0), 10), seldom},
		{name + "delay.start", path + "StartupTimer", rw(decimals(0), 10), seldom},
		{name + "ecocontrol", path + "ECOControl", eatonEcoOutlet, seldom},
	}
}

// outletMeters are the rows of what outlet number i measures.
func outletMeters(name string, i int) []row {
	path := fmt.Sprintf("OutletSystem.Outlet.[%d].", i)
	return []row{
		{name + "power", path + "ApparentPower", decimals(0), seldom},
		{name + "realpower", path + "ActivePower", decimals(0), seldom},
		{name + "current", path + "Current", decimals(2), seldom},
		{name + "powerfactor", path + "PowerFactor", powerFactor, seldom},
	}
}

// eatonOutletCommands switch the groups of outlets.
func eatonOutletCommands() (all []commandRow) {
	for i := 2; i <= eatonOutlets; i++ {
		name, path := fmt.Sprintf("outlet.%d.", i-1), fmt.Sprintf("OutletSystem.Outlet.[%d].", i)
		all = append(all,
			commandRow{name + "load.off", path + "DelayBeforeShutdown", pulse(0)},
			commandRow{name + "load.on", path + "DelayBeforeStartup", pulse(0)})
	}
	return all
}
