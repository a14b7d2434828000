package usbhid

import (
	"slices"
	"testing"

	"github.com/upscard/upscard/services/ups"
	"github.com/upscard/upscard/services/usb"
)

func TestEatonClaims(t *testing.T) {
	for _, tt := range []struct {
		id   usb.ID
		want bool
	}{
		{usb.ID{Vendor: 0x0463, Product: 0xffff}, true},
		{usb.ID{Vendor: 0x0463, Product: 1}, true},
		{usb.ID{Vendor: 0x047c, Product: 0xffff}, true},
		{usb.ID{Vendor: 0x047c, Product: 1, ProductName: "a Dell that is no UPS"}, false},
		{usb.ID{Vendor: 0x03f0, Product: 0x1fe5}, true},
		{usb.ID{Vendor: 0x03f0, Product: 0x1fe8}, true},
		{usb.ID{Vendor: 0x03f0, Product: 0x1fe0}, false}, // Tripp Lite made it
		{usb.ID{Vendor: 0x04b3, Product: 1}, true},
		{usb.ID{Vendor: 0x0592, Product: 4}, true},
		{usb.ID{Vendor: 0x2b2d, Product: 0xffff}, true},
		{usb.ID{Vendor: 0x06da, Product: 0xffff, Manufacturer: "AEG"}, true},
		{usb.ID{Vendor: 0x06da, Product: 0xffff, ProductName: "AEG PROTECT NAS"}, true},
		{usb.ID{Vendor: 0x06da, Product: 0xffff, Manufacturer: "PPC", ProductName: "PowerWalker VI 1200 SH"}, true},
		{usb.ID{Vendor: 0x06da, Product: 0xffff, Manufacturer: "PPC", ProductName: "Offline UPS"}, false},
		{usb.ID{Vendor: 0x06da, Product: 0xffff, ProductName: "Smart-Battery"}, false},
		{usb.ID{Vendor: 0x09d6, Product: 1, Manufacturer: "KSTAR", ProductName: "UPS HI"}, true},
		{usb.ID{Vendor: 0x09d6, Product: 1}, false},
	} {
		if got := familyOf(tt.id) == &eaton; got != tt.want {
			t.Errorf("%v %q %q is Eaton's: %v", tt.id, tt.id.Manufacturer, tt.id.ProductName, got)
		}
	}
}

func TestEatonModelNames(t *testing.T) {
	for _, tt := range [][3]string{
		{"ELLIPSE", "300", "ellipse 300"}, {"ELLIPSE", "1000", "Ellipse 1000"}, {"ELLIPSE", "999", "ELLIPSE 999"},
		{"ellipse", "PR650", "ellipse premium 650"}, {"Ellipse MAX", "850", "Ellipse MAX 850"},
		{"Ellipse PRO", "1500", "Ellipse PRO 1500"}, {"Ellipse PRO", "1500 ", "Eaton 5S1500"},
		{"PROTECTIONCENTER", "675", "Protection Center 675"}, {"Protection Station", "650", "Protection Station 650"},
		{"Evolution", "800", "Pulsar Evolution 800"}, {"Evolution", "850", "Evolution 850"}, {"Evolution", "3000XL", "Pulsar Evolution 3000 XL"},
		{"Eaton 5P", "650", "5P 650"}, {"Eaton 5PX", "2000", "Eaton 5PX 2000"}, {"Eaton 5SC", "2200i RT", "Eaton 5SC 2200i RT"},
		{"Eaton 9E", "2000i", "9E2000i"}, {"Eaton 9SX", "1000i", "9SX1000i"}, {"Eaton 9PX", "1500irtm", "9px1500irtm"},
		{"", "2000", "9E2000i (presumed)"}, {"", "700", "unknown 700"},
		{"PULSAR", "MX5000", "Pulsar MX 5000 RT"}, {"NOVA AVR", "625", "Nova 625 AVR"},
		{"EXtreme", "1000C", "Pulsar EXtreme 1000C"}, {"EXtreme", "1500CCLA", "Pulsar EXtreme 1500C CLA"},
		{"EX", "1500RT", "Pulsar EX 1500 RT"}, {"EX", "7RT31", "EX 7 RT 3:1"}, {"EX", "11RT", "EX 11 RT"}, {"EX", "3000 XL", "EX 3000 XL"},
		{"GALAXY", "3000_15", "Galaxy 3000 15 kVA"}, {"HP R/T3000 UPS", "LI RT3000", "HP R/T3000 UPS LI RT3000"},
	} {
		if got := eatonModelName(tt[0], tt[1]); got != tt[2] {
			t.Errorf("%q %q is %q, want %q", tt[0], tt[1], got, tt[2])
		}
	}
}

// TestEatonModel asks the string, then the nominal power; Dell's product string says all.
func TestEatonModel(t *testing.T) {
	values := map[string]int64{"PowerSummary.iModel": 9, "Flow.[4].ConfigApparentPower": 850, "PowerSummary.PresentStatus.ACPresent": 1}
	for _, tt := range []struct {
		vendor                uint16
		product, iModel, want string
	}{
		{0x0463, "Eaton 5P", "850", "5P 850"}, {0x0463, "Eaton 5P", "", "5P 850"}, {0x0463, "Eaton 5P", " ", "5P 850"},
		{0x0463, "Eaton 5PX", "1500i", "Eaton 5PX 1500i"},
		{0x047c, "Dell UPS Rack/Tower 2700W HV - 230V", "2700", "Dell UPS Rack/Tower 2700W HV - 230V"},
	} {
		product := uint16(0xffff)
		vars := eatonReading(t, usb.ID{Vendor: tt.vendor, Product: product, ProductName: tt.product}, values, tt.iModel, false).vars(nil)
		if got := vars["ups.model"].Value; got != tt.want || vars["device.model"].Value != got {
			t.Errorf("%q %q is %q and %q, want %q", tt.product, tt.iModel, got, vars["device.model"].Value, tt.want)
		}
		for name := range vars {
			if name[:1] == hidden {
				t.Errorf("%s is shown", name)
			}
		}
	}
}

// TestEatonBatteryVoltage first reads what is no battery's voltage, as the class has it, then as the models are known.
func TestEatonBatteryVoltage(t *testing.T) {
	values := map[string]int64{"PowerSummary.Voltage": 83, "PowerSummary.ConfigVoltage": 72, "PowerSummary.iModel": 9, "PowerSummary.PresentStatus.ACPresent": 1}
	for _, reversed := range []bool{false, true} {
		fault := eatonReading(t, usb.ID{Vendor: 0x1209, Product: 1, ProductName: "ELLIPSE"}, values, "600", reversed).vars(nil)
		if fault["battery.voltage"].Value != "83.0" {
			t.Errorf("the class reads %q", fault["battery.voltage"].Value)
		}
		for _, tt := range []struct{ product, model, voltage, nominal string }{
			{"ELLIPSE", "600", "", ""}, {"Ellipse PRO", "1600", "", ""}, {"Eaton 3S", "700", "", ""}, {"Evolution", "800", "", ""},
			{"Ellipse PRO", "1600 ", "83.0", "72"},
			{"Evolution", "850", "83.0", "72"}, {"Evolution", "650", "83.0", "12"}, {"PULSAR M", "3000 XL", "83.0", "72"}, {"EX", "2200", "83.0", "72"},
			{"Eaton 5P", "650", "83.0", "72"}, {"Eaton 5PX", "2000", "83.0", "72"}, {"Eaton 5SC", "2200i RT", "83.0", "72"},
			{"Eaton 9E", "2000i", "83.0", "72"}, {"Eaton 9SX", "6000i", "83.0", "72"}, {"Eaton 9PX", "3000irt2u", "83.0", "72"},
		} {
			id := usb.ID{Vendor: 0x0463, Product: 0xffff, ProductName: tt.product, Serial: map[bool]string{true: "G0815"}[reversed]}
			vars := eatonReading(t, id, values, tt.model, reversed).vars(nil)
			if v, n := vars["battery.voltage"].Value, vars["battery.voltage.nominal"].Value; v != tt.voltage || n != tt.nominal {
				t.Errorf("%s %s: %q of %q, want %q of %q", tt.product, tt.model, v, n, tt.voltage, tt.nominal)
			}
		}
	}
	values["BatterySystem.Voltage"], values["BatterySystem.ConfigVoltage"] = 27, 24
	vars := eatonReading(t, usb.ID{Vendor: 0x0463, Product: 0xffff, ProductName: "ELLIPSE"}, values, "600", false).vars(nil)
	if v, n := vars["battery.voltage"].Value, vars["battery.voltage.nominal"].Value; v != "27.0" || n != "24" {
		t.Errorf("the battery system's: %q of %q", v, n)
	}
}

// TestEatonOffers looks at what can be written by model.
func TestEatonOffers(t *testing.T) {
	for _, tt := range []struct {
		product, iModel    string
		country, voltage   int64
		voltages           []string
		byLoad, powerShown bool
	}{
		{"ELLIPSE", "600", 0, 230, []string{"220", "230", "240"}, false, false},
		{"ELLIPSE", "600", 0, 208, []string{"200", "208"}, false, false},
		{"Ellipse PRO", "1600", 0, 230, []string{"200", "208", "220", "230", "240"}, false, false},
		{"Eaton 5P", "650", 1, 120, []string{"100", "110", "120", "127"}, false, false},
		{"Eaton 5P", "650", 1, 115, []string{"115"}, false, false},
		{"Protection Station", "650", 0, 230, []string{"220", "230", "240"}, true, true},
		{"Ellipse ECO", "1600", 0, 230, []string{"220", "230", "240"}, true, true},
		{"3S", "750", 1, 120, []string{"100", "110", "120", "127"}, true, true},
		{"3S", "700", 0, 230, []string{"220", "230", "240"}, false, false},
		{"3S", "550", 1, 120, []string{"100", "110", "120", "127"}, false, false},
	} {
		values := map[string]int64{
			"PowerSummary.PresentStatus.ACPresent": 1, "PowerSummary.iModel": 9, "PowerSummary.Country": tt.country, "Flow.[4].ConfigVoltage": tt.voltage,
			"OutletSystem.Outlet.[3].PresentStatus.Switchable": 1, "OutletSystem.Outlet.[1].ConfigApparentPower": 25,
		}
		m := eatonReading(t, usb.ID{Vendor: 0x0463, Product: 0xffff, ProductName: tt.product}, values, tt.iModel, false)
		vars := m.vars(nil)
		name := tt.product + " " + tt.iModel
		if got := vars["output.voltage.nominal"].Enum; !slices.Equal(got, tt.voltages) {
			t.Errorf("%s: %q, want %q", name, got, tt.voltages)
		}
		if got := vars["outlet.2.switchable"]; got.Value != "yes" || got.Flags&ups.RW != 0 != tt.byLoad {
			t.Errorf("%s: outlet.2.switchable %+v", name, got)
		}
		if _, ok := m.editable("outlet.2.switchable"); ok != tt.byLoad {
			t.Errorf("%s: outlet.2.switchable can be set: %v", name, ok)
		}
		if got, ok := vars["outlet.power"]; ok != tt.powerShown || ok && (got.Value != "25" || !slices.Equal(got.Enum, []string{"10", "25", "60"})) {
			t.Errorf("%s: outlet.power %+v", name, got)
		}
	}
}
