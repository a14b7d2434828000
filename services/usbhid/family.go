package usbhid

import (
	"slices"
	"strings"

	"github.com/upscard/upscard/services/hid"
	"github.com/upscard/upscard/services/usb"
)

// repair corrects a report descriptor that is known to be wrong, in place.
type repair func(id usb.ID, d *hid.Descriptor)

// family is what the devices of one vendor have beyond the specification. Its rows come before the generic ones.
type family struct {
	name    string            // driver.version.data
	about   string            // docs/hardware.md: whose devices these are
	quirks  []string          // docs/hardware.md: what is known to be wrong with them and what is done about it, a sentence each
	devices []product         // which devices it is for
	claims  func(usb.ID) bool // must hold besides, nil always does: two families share some vendors
	names   hid.Names         // usages of its own

	// rows makes the table for one device: its conversions may remember what they found out about it.
	rows     func(usb.ID) []row
	flags    []flagRow
	commands []commandRow
	alarms   []alarmRow // beside those that flags make
	without  []string   // variables and commands of the generic tables that do not fit
	defects  []defect

	// tuned makes the family as the owner's options ask for; nil where they make no difference.
	tuned func(Options) *family
	page  uint16 // usage page that stands for the Power Device's where a UPS has neither that nor the Battery System's

	vendor   string // ups.mfr of a device without that string
	identify func(id usb.ID, vars map[string]string)
	repair   repair
	pollFreq int // seconds, 0 for the general default
	idle     int // seconds from one look at the status to the next at most, 0 for any

	hesitant    func(usb.ID) bool // UPSes that cry wolf about their battery
	judge       func(flags) flags // corrects what the flags say together; nil leaves it
	margin      float64           // percent above battery.charge.low at which a computed LB comes, for UPSes that cut the load there
	noInterrupt []uint16          // products whose interrupt pipe speaks something else
	heard       map[uint16]int    // products that tell all by interrupts, with the bytes to read of each
	wide        []string          // beginnings of product names that overflow an exact GET_REPORT
}

// defect is what a product's firmware must never be asked for.
type defect struct {
	product uint16
	report  uint8  // 0 for none
	text    string // variable that would show a string descriptor, "" for none
}

// product is a vendor with one of its products; product 0 stands for all.
type product struct{ vendor, product uint16 }

// families are tried in order. A new one is a file with its table and a row here.
var families = []*family{&apc, &arduino, &belkin, &cyberpower, &delta, &eaton, &ecoflow, &ever, &idowell, &legrand, &liebert, &openups, &powercom, &powervar, &salicru, &tripplite}

// generic is the family of every device that has none of its own.
var generic = family{
	name:  "Power Device Class 1.0",
	about: "every other UPS that follows the USB HID Power Device Class",
}

func familyOf(id usb.ID) *family {
	for _, f := range families {
		if slices.ContainsFunc(f.devices, func(p product) bool {
			return p.vendor == id.Vendor && (p.product == 0 || p.product == id.Product)
		}) && (f.claims == nil || f.claims(id)) {
			return f
		}
	}
	return &generic
}

// table returns the rows for one device, the family's own first.
func (f *family) table(id usb.ID) []row {
	var all []row
	if f.rows != nil {
		all = slices.Clone(f.rows(id))
	}
	for _, r := range genericRows {
		if !slices.Contains(f.without, r.name) {
			all = append(all, r)
		}
	}
	for _, d := range f.defects {
		for i := range all {
			if d.text != "" && d.product == id.Product && all[i].name == d.text {
				all[i].as = untold
			}
		}
	}
	return all
}

// untold stands for a string descriptor that must not be read.
var untold = shown(func(float64, *inputs) (string, bool) { return "unknown", true })

// forbidden lists the reports that must not be asked for.
func (f *family) forbidden(id usb.ID) (keys []key) {
	for _, d := range f.defects {
		if d.report != 0 && d.product == id.Product {
			keys = append(keys, key{hid.Feature, d.report}, key{hid.Input, d.report})
		}
	}
	return keys
}

// under returns the family as the options ask for.
func (f *family) under(o Options) *family {
	if f.tuned == nil {
		return f
	}
	return f.tuned(o)
}

// describes reports whether a report descriptor is a power device's.
func (f *family) describes(d *hid.Descriptor) bool {
	return d.Has(hid.PagePowerDevice) || d.Has(hid.PageBatterySystem) || f.page != 0 && d.Has(f.page)
}

// commandTable returns the commands, the family's own first.
func (f *family) commandTable() []commandRow {
	all := slices.Clone(f.commands)
	for _, r := range genericCommands {
		if !slices.Contains(f.without, r.name) {
			all = append(all, r)
		}
	}
	return all
}

func (f *family) flagTable() []flagRow { return slices.Concat(f.flags, genericFlags) }

// interrupts reports whether the device's interrupt pipe carries HID reports.
func (f *family) interrupts(id usb.ID) bool { return !slices.Contains(f.noInterrupt, id.Product) }

// overflows reports whether the device sends more than its descriptor declares, so that reports must be asked for
// with room to spare.
func (f *family) overflows(id usb.ID) bool {
	return slices.ContainsFunc(f.wide, func(prefix string) bool { return strings.HasPrefix(id.ProductName, prefix) })
}
