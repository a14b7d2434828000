package usbhid

// class says how often a value is read.
type class uint8

const (
	status class = iota // each poll interval; a snapshot is fresh only while all of these can be read
	live                // each poll interval while the UPS is not at rest, else as seldom
	seldom              // each poll frequency, and when the status changes
	static              // once
)

// row maps a field to a variable. Where several rows of a table have the same variable, the first whose field the
// device can tell counts.
type row struct {
	name  string // NUT's variable, or a hidden one
	path  string // pattern of the field's path
	as    convert
	class class
}

// flagRow maps a field to a flag of the status.
type flagRow struct {
	flag  flag
	path  string
	sense sense
}

// alarmRow maps a field to texts of ups.alarm, by its logical value. A value without a text is no alarm.
type alarmRow struct {
	path  string
	texts map[int64]string
}

// sense reads a flag from a field's logical value. It reports not known for a value that says nothing.
type sense func(raw int64) (on, known bool)

func isSet(raw int64) (on, known bool)   { return raw != 0, true }
func isClear(raw int64) (on, known bool) { return raw == 0, true }

// isValue is for a field that tells one state of several.
func isValue(v int64) sense {
	return func(raw int64) (on, known bool) { return raw == v, true }
}
