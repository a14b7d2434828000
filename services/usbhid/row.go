package usbhid

import (
	"github.com/upscard/upscard/services/hid"
	"github.com/upscard/upscard/services/usb"
)

// class says how often a value is read.
type class uint8

const (
	status class = iota // each poll interval; a snapshot is fresh only while all of these can be read
	live                // each poll interval
	seldom              // each poll frequency, and when the status changes
	static              // once
)

// row maps a field to a variable. Where several rows of a table have the same variable, the first whose field the device can tell counts.
type row struct {
	name  string // NUT's variable
	path  string // pattern of the field's path
	show  convert
	class class
}

// flagRow maps a field to a flag of the status.
type flagRow struct {
	flag  flag
	path  string
	sense sense
}

// sense reads a flag from a field's logical value. It reports not known for a value that says nothing.
type sense func(raw int64) (on, known bool)

func isSet(raw int64) (on, known bool)   { return raw != 0, true }
func isClear(raw int64) (on, known bool) { return raw == 0, true }

// family is what the devices of one vendor have beyond the specification. Its rows come before the generic ones.
type family struct {
	name    string    // driver.version.data
	devices []product // which devices it is for
	names   hid.Names // usages of its own

	// rows makes the table for one device: its conversions may remember what they found out about it.
	rows    func(usb.ID) []row
	flags   []flagRow
	without []string // variables of the generic table that do not fit

	vendor   string // ups.mfr of a device without that string
	identify func(id usb.ID, vars map[string]string)
	repair   repair
	pollFreq int // seconds, 0 for the general default

	noInterrupt []uint16 // products whose interrupt pipe speaks something else
	wide        []string // beginnings of product names that overflow an exact GET_REPORT
}

// product is a vendor with one of its products; product 0 stands for all.
type product struct{ vendor, product uint16 }
