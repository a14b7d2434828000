package usbhid

import (
	"slices"
	"strings"

	"github.com/upscard/upscard/services/usb"
)

// eatonNaming are models that have another name than their product string and their model string one after the other. A "*" in the
// name stands for the model string.
var eatonNaming = []struct {
	product string
	models  []string
	name    string
}{
	{"ELLIPSE", []string{"300", "500", "650", "800", "1200"}, "ellipse *"},
	{"ELLIPSE", []string{"600", "750", "1000", "1500"}, "Ellipse *"},
	{"ellipse", []string{"PR500"}, "ellipse premium 500"},
	{"ellipse", []string{"PR650"}, "ellipse premium 650"},
	{"ellipse", []string{"PR800"}, "ellipse premium 800"},
	{"ellipse", []string{"PR1200"}, "ellipse premium 1200"},
	{"Ellipse PRO", []string{"1200 ", "1500 ", "1600 "}, "Eaton 5S*"}, // sold as 5S; the Ellipse PRO has no space there
	{"PROTECTIONCENTER", []string{"420", "500", "675"}, "Protection Center *"},
	{"Evolution", []string{"500", "800", "1100", "1500", "2200", "3000"}, "Pulsar Evolution *"},
	{"Evolution", []string{"3000XL"}, "Pulsar Evolution 3000 XL"},
	{"Eaton 5P", []string{"650", "850", "1150", "1550"}, "5P *"},
	{"Eaton 9E", []string{"1000", "1000i", "1000iau", "1000ir", "2000", "2000i", "2000iau", "2000ir", "3000", "3000i", "3000iau", "3000ir",
		"3000ixl", "3000ixlau"}, "9E*"},
	{"Eaton 9SX", []string{"700i", "1000i", "1000im", "1500i", "2000i", "3000i", "3000im", "1000ir", "1500ir", "2000ir", "3000ir"}, "9SX*"},
	{"Eaton 9PX", []string{"1000irt2u", "1500irt2u", "1500irtm", "2200irt2u", "2200irt3u", "3000irt2u", "3000irt3u", "3000irtm"}, "9px*"},
	{"", []string{"1000", "2000", "3000"}, "9E*i (presumed)"}, // no strings at all
	{"PULSAR", []string{"MX4000"}, "Pulsar MX 4000 RT"},
	{"PULSAR", []string{"MX5000"}, "Pulsar MX 5000 RT"},
	{"NOVA AVR", []string{"500", "600", "625", "1100", "1250"}, "Nova * AVR"},
	{"EXtreme", []string{"700C", "1000C", "1500C", "2200C", "3200C"}, "Pulsar EXtreme *"},
	{"EXtreme", []string{"1500CCLA"}, "Pulsar EXtreme 1500C CLA"},
	{"EX", []string{"700RT", "1000RT", "1500RT", "2200RT", "3200RT"}, "Pulsar EX *"},
	{"EX", []string{"5RT31", "7RT31", "11RT31"}, "EX * 3:1"},
	{"EX", []string{"5RT", "7RT", "11RT"}, "EX *"},
	{"GALAXY", []string{"3000_10", "3000_15", "3000_20", "3000_30"}, "Galaxy * kVA"},
}

// eatonModelName is NUT's name of a model.
func eatonModelName(product, model string) string {
	for _, n := range eatonNaming {
		if n.product != product || !slices.Contains(n.models, model) {
			continue
		}
		model = strings.TrimSuffix(strings.TrimSpace(model), "31")
		if number, ok := strings.CutSuffix(model, "RT"); ok {
			model = number + " RT"
		}
		return strings.ReplaceAll(strings.Replace(n.name, "*", model, 1), "_", " ")
	}
	if product == "" {
		product = "unknown"
	}
	return product + " " + model
}

// traits are what a model's name tells and its fields do not.
type traits uint8

const (
	offline         traits = 1 << iota // no voltage regulation: the nominal voltages of its own mains only
	outletEco                          // switches outlets by the load of the main one
	outletEcoExport                    // likewise, but not those for Europe
	summaryVoltage                     // PowerSummary.Voltage and ConfigVoltage are the battery's
	twelveVolts                        // whatever ConfigVoltage says
)

// eatonTraits are tried in order: the first that the model's name begins with counts.
var eatonTraits = []struct {
	prefix string
	traits traits
}{
	{"Ellipse PRO", 0},
	{"Ellipse ECO", offline | outletEco},
	{"Ellipse", offline},
	{"ellipse", offline},
	{"Protection Station", offline | outletEco},
	{"Protection Center", offline},
	{"3S 7", offline | outletEcoExport},
	{"Eaton 3S 7", offline | outletEcoExport},
	{"3S ", offline},
	{"Eaton 3S", offline},
	{"Evolution 650", summaryVoltage | twelveVolts},
	{"Evolution ", summaryVoltage}, // the older ones are called Pulsar Evolution
	{"PULSAR M ", summaryVoltage},
	{"EX 2200", summaryVoltage},
	{"EX 3000", summaryVoltage},
	{"5P", summaryVoltage},
	{"Eaton 5P", summaryVoltage}, // and 5PX
	{"Eaton 5S", summaryVoltage}, // and 5SC
	{"9E", summaryVoltage},
	{"9SX", summaryVoltage},
	{"9px", summaryVoltage},
	{"Eaton 9E", summaryVoltage},
	{"Eaton 9SX", summaryVoltage},
	{"Eaton 9PX", summaryVoltage},
}

func eatonTraitsOf(model string) traits {
	for _, t := range eatonTraits {
		if strings.HasPrefix(model, t.prefix) {
			return t.traits
		}
	}
	return 0
}

// eatonModel is a device as its table knows it.
type eatonModel struct{ product string }

// traits are those of the model as it is called by now: the model string comes with the other texts.
func (e eatonModel) traits(in *inputs) traits {
	if v, ok := in.vars["ups.model"]; ok {
		return eatonTraitsOf(v.Value)
	}
	return eatonTraitsOf(e.product)
}

// switchesByLoad reports whether outlets can be switched by the load of the main one. Country 0 is Europe.
func (e eatonModel) switchesByLoad(in *inputs) bool {
	t := e.traits(in)
	return t&outletEco != 0 || t&outletEcoExport != 0 && in.vars[eatonCountry].Value != "0"
}

// Variables that only other rows look at.
const (
	eatonCountry   = ".country"
	eatonMonitored = ".abm"
)

// names are the rows that make ups.model of the model string, or else of the nominal power. Dell's product string says it all.
func (e eatonModel) names(id usb.ID) []row {
	if id.Vendor == dell {
		return nil
	}
	name := func(model string) (string, bool) { return eatonModelName(id.ProductName, model), model != "" }
	return []row{
		{"ups.model", "PowerSummary.iModel", shown(func(v float64, in *inputs) (string, bool) {
			model, ok := text.show(v, in)
			if ok && clean(model) == "" {
				model = in.vars["ups.power.nominal"].Value
			}
			if !ok {
				return "", false
			}
			return name(model)
		}), static},
		{"ups.model", "Flow.[4].ConfigApparentPower", shown(func(v float64, _ *inputs) (string, bool) {
			model, ok := format(v, 0)
			if !ok {
				return "", false
			}
			return name(model)
		}), static},
	}
}
