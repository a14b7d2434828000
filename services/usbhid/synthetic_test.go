package usbhid

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/upscard/upscard/services/hid"
	"github.com/upscard/upscard/services/hid/hidtest"
	"github.com/upscard/upscard/services/usb"
	"github.com/upscard/upscard/services/usb/usbtest"
)

// synthetic is a device made of the fields that a dump's variables and commands need.
type synthetic struct {
	family  *family
	names   hid.Names
	fields  []hidtest.Built
	reports map[uint8]int64
	demands map[uint8][]demand // on the reports' values
	strings map[uint8]string
}

// demand is what a variable or a flag needs of the value of a report.
type demand func(raw int64) bool

// hold gives a report a value that meets a new demand as well as those before: raw, or another one. Vendors pack several things into one
// number. It reports false where there is none.
func (s *synthetic) hold(id uint8, raw int64, d demand) bool {
	all := append(slices.Clone(s.demands[id]), d)
	meets := func(raw int64) bool {
		return !slices.ContainsFunc(all, func(d demand) bool { return !d(raw) })
	}
	was, taken := s.reports[id]
	for _, raw := range []int64{raw, was} {
		if meets(raw) {
			s.reports[id], s.demands[id] = raw, all
			return true
		}
	}
	for raw := int64(0); taken && raw < 1<<16; raw++ {
		if meets(raw) {
			s.reports[id], s.demands[id] = raw, all
			return true
		}
	}
	return false
}

// Fields of a synthetic device have 32 bits, and count hundredths where the dump shows a decimal.
const (
	syntheticExponent          = -2
	syntheticMin, syntheticMax = -1 << 31, 1<<31 - 1
)

// field adds a field for a pattern and returns its report, the existing one where another row has the same path.
func (s *synthetic) field(pattern string, exponent int) uint8 {
	path := longest(pattern, s.names)
	for _, f := range s.fields {
		if f.Path.Equal(path) {
			return f.ReportID
		}
	}
	id := uint8(len(s.fields) + 1)
	s.fields = append(s.fields, hidtest.Built{Path: path, Kind: hid.Feature, ReportID: id, Min: syntheticMin, Max: syntheticMax, Exponent: exponent})
	return id
}

// longest is the path that a pattern matches with all its optional nodes.
func longest(pattern string, names hid.Names) hid.Path {
	var path hid.Path
	for _, node := range compile(pattern, names) {
		path = append(path, node.usage)
	}
	return path
}

// variable adds what makes the variable have the value. It reports false where no row of the table can.
func (s *synthetic) variable(d dump, name string) bool {
	value := d.Variables[name]
	for i, r := range s.family.table(d.id()) {
		if r.name != name {
			continue
		}
		if r.as.kept != "" {
			s.field(r.path, 0)
			return true
		}
		exponent := 0
		if _, err := strconv.ParseFloat(value, 64); err == nil && strings.Contains(value, ".") {
			exponent = syntheticExponent
		}
		anew := func() convert { return s.family.table(d.id())[i].as } // conversions remember what they decided
		raw, text, ok := invert(anew, d, value, exponent)
		if !ok {
			continue
		}
		if text {
			exponent = 0 // a version such as 1.13 is no number
		}
		id := s.field(r.path, exponent)
		shown := func(raw int64) bool {
			got, ok := anew().show(float64(raw)*pow10(exponent), d.inputs())
			return ok && same(got, value)
		}
		if text {
			raw = s.text(value)
			shown = func(got int64) bool { return got == raw }
		}
		if s.hold(id, raw, shown) {
			return true // else NUT showed one field as two variables that do not agree in this dump
		}
	}
	return false
}

// text returns the index of a string descriptor.
func (s *synthetic) text(value string) int64 {
	for i, have := range s.strings {
		if have == value {
			return int64(i)
		}
	}
	i := uint8(len(s.strings) + 1)
	s.strings[i] = value
	return int64(i)
}

// invert finds the logical value that is shown as the text; a string descriptor's, where the conversion asks for one.
func invert(anew func() convert, d dump, value string, exponent int) (raw int64, isText, ok bool) {
	in := d.inputs()
	shows := func(c convert, raw int64) bool {
		got, ok := c.show(float64(raw)*pow10(exponent), in)
		return ok && same(got, value)
	}
	if anew().show(1, in); len(in.texts.wanted) > 0 {
		return 0, true, true
	}
	for _, v := range candidates(anew(), in, value) {
		for _, raw := range []int64{int64(math.Round(v / pow10(exponent))), int64(v / pow10(exponent)), int64(v/pow10(exponent)) + 1} {
			if raw >= syntheticMin && raw <= syntheticMax && shows(anew(), raw) {
				return raw, false, true
			}
		}
	}
	c := anew()
	for raw := int64(-1); raw < 1<<16; raw++ {
		if shows(c, raw) && shows(anew(), raw) {
			return raw, false, true
		}
	}
	return 0, false, false
}

// candidates are physical values that may be behind a text.
func candidates(c convert, in *inputs, value string) (all []float64) {
	if c.parse != nil {
		if v, err := c.parse(value, in); err == nil {
			all = append(all, v)
		}
	}
	v, err := strconv.ParseFloat(value, 64)
	if err != nil {
		return all
	}
	all = append(all, v+273.15)
	for _, scale := range []float64{1, 10, 100, 1000, 1e5, 1e6, 1e7, 0.1, 0.01, 1.5, 0.25, 3600} { // of vendors that send other units
		all = append(all, v*scale)
	}
	return all
}

func pow10(n int) float64 {
	v, _ := strconv.ParseFloat("1e"+strconv.Itoa(n), 64)
	return v
}

// same compares values as versions of NUT write them: 13.5 and 13.50, trimmed.
func same(got, want string) bool {
	got, want = strings.TrimSpace(got), clean(want)
	x, errX := strconv.ParseFloat(got, 64)
	y, errY := strconv.ParseFloat(want, 64)
	return got == want || errX == nil && errY == nil && (x-y < 0.0501 && y-x < 0.0501)
}

// flag adds what makes a flag on or off.
func (s *synthetic) flag(f flag, on bool) bool {
	for _, r := range s.family.flagTable() {
		if r.flag != f {
			continue
		}
		for raw := int64(0); raw < 1<<9; raw++ {
			if got, known := r.sense(raw); known && got == on {
				id := s.field(r.path, 0)
				said := func(raw int64) bool {
					got, known := r.sense(raw)
					return known && got == on
				}
				if s.hold(id, raw, said) {
					return true
				}
				break
			}
		}
	}
	return false
}

// statusFlags are flags behind the words of ups.status.
var statusFlags = map[string]flag{
	"OL": acPresent, "DISCHRG": discharging, "CHRG": charging, "LB": lowBattery, "OVER": overload, "RB": replaceBattery,
	"TRIM": trim, "BOOST": boost, "BYPASS": autoBypass, "OFF": off, "CAL": calibrating,
}

func (s *synthetic) status(status string) {
	words := strings.Fields(status)
	s.flag(acPresent, slices.Contains(words, "OL"))
	for _, w := range words {
		if f := statusFlags[w]; f != 0 && w != "OL" {
			s.flag(f, true)
		}
	}
	if slices.Contains(words, "CHRG") {
		s.flag(fullyCharged, false)
	}
}

// device makes the device.
func (s *synthetic) device(id usb.ID) *usbtest.Device {
	dev := usbtest.New(id, hidtest.Build(s.fields...))
	for _, f := range s.fields {
		raw := uint32(int32(s.reports[f.ReportID]))
		dev.SetReport(usbtest.Feature, f.ReportID, f.ReportID, byte(raw), byte(raw>>8), byte(raw>>16), byte(raw>>24))
	}
	for i, text := range s.strings {
		dev.SetString(i, text)
	}
	return dev
}

// command adds what a command needs.
func (s *synthetic) command(name string) bool {
	for _, r := range s.family.commandTable() {
		if r.name == name {
			s.field(r.path, 0)
			return true
		}
	}
	for _, c := range compounds {
		if c.name == name {
			return !slices.ContainsFunc(c.steps, func(st step) bool { return !s.command(st.name) })
		}
	}
	return false
}
