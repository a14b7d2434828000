package usbhid

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/upscard/upscard/services/hid"
	"github.com/upscard/upscard/services/hid/hidtest"
	"github.com/upscard/upscard/services/ups"
	"github.com/upscard/upscard/services/usb"
	"github.com/upscard/upscard/services/usb/usbtest"
)

// dump is what upsc printed for a device that its owner sent to NUT's library of device dumps.
type dump struct {
	Dump      string
	Variables map[string]string
	Commands  []string
	Writable  []string
}

func dumps(t *testing.T) (all []dump) {
	t.Helper()
	f, err := os.Open(hidtest.Shared(t, "facts", "device-dumps.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var d dump
		if err := json.Unmarshal(lines.Bytes(), &d); err != nil {
			t.Fatal(err)
		}
		for name, value := range d.Variables {
			value, remark, _ := strings.Cut(value, "#")
			d.Variables[name] = strings.TrimRight(value, " \t")
			if strings.HasPrefix(remark, "BAD") { // its owner says that NUT was wrong
				delete(d.Variables, name)
			}
		}
		all = append(all, d)
	}
	return all
}

// productName is the product string that a family makes more than the model of.
var productName = map[*family]func(vars map[string]string) string{
	&apc: func(vars map[string]string) string {
		name := vars["ups.model"]
		for _, part := range [][2]string{{" FW:", vars["ups.firmware"]}, {" USB FW:", vars["ups.firmware.aux"]}} {
			if part[1] != "" {
				name += part[0] + part[1]
			}
		}
		return name
	},
}

// id is the device as far as the dump tells.
func (d dump) id() usb.ID {
	hex := func(name string) uint16 {
		n, _ := strconv.ParseUint(d.Variables[name], 16, 16)
		return uint16(n)
	}
	id := usb.ID{Vendor: hex("ups.vendorid"), Product: hex("ups.productid"), Port: "1-1",
		Manufacturer: d.Variables["ups.mfr"], ProductName: d.Variables["ups.model"], Serial: d.Variables["ups.serial"]}
	if name := productName[familyOf(id)]; name != nil {
		id.ProductName = name(d.Variables)
	}
	return id
}

// prerequisites are hidden variables, with the values without which a family does not show a variable.
var prerequisites = map[*family]map[string]map[string]string{}

// uncovered, by name or NAME=VALUE, are variables, commands and writable variables of dumps that no usage yields, by family, with the reason. "*" is every family.
var uncovered = map[string]map[string]string{
	"*": {
		"ups.id":             "set by the owner in ups.conf, or by firmware that only snmp-ups reads",
		"battery.charge=120": "a charge above 100 is shown as 100",
	},
}

func (s *synthetic) excuse(d dump, name string) string {
	for _, key := range []string{name, name + "=" + d.Variables[name]} {
		for _, family := range []string{s.family.name, "*"} {
			if reason := uncovered[family][key]; reason != "" {
				return reason
			}
		}
	}
	return ""
}

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

// inputs are the dump's variables.
func (d dump) inputs() *inputs {
	in := &inputs{vars: make(map[string]ups.Var), texts: newTexts()}
	for name, value := range d.Variables {
		in.vars[name] = ups.Var{Value: value}
	}
	return in
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

// plain are variables that need no field: those of the driver, of the USB descriptors, and what the status makes.
func plain(name string) bool {
	switch name {
	case "ups.status", "ups.alarm", "ups.vendorid", "ups.productid", "ups.mfr", "ups.model", "ups.serial", "device.mfr", "device.model",
		"device.serial", "device.type", "device.part", "input.transfer.reason":
		return true
	}
	return ofNUT(name)
}

// synthesize makes the device of a dump, and lists what no row yields.
func synthesize(d dump, f *family) (s *synthetic, missing []string) {
	s = &synthetic{family: f, names: f.names, reports: make(map[uint8]int64), demands: make(map[uint8][]demand), strings: make(map[uint8]string)}
	s.status(d.Variables["ups.status"])
	known := newModel(d.id(), &hid.Descriptor{}).identity()
	for name := range maps.Clone(d.Variables) {
		maps.Copy(d.Variables, prerequisites[f][name])
	}
	for _, name := range sortedKeys(d.Variables) {
		if !plain(name) && !has(known, name) && s.excuse(d, name) == "" && !s.variable(d, name) {
			missing = append(missing, fmt.Sprintf("variable %s = %q", name, d.Variables[name]))
		}
	}
	for _, name := range d.Commands {
		if ofNUT(name) || s.excuse(d, name) != "" || name == "shutdown.default" {
			continue
		}
		if !s.command(name) {
			missing = append(missing, "command "+name)
		}
	}
	return s, missing
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

func sortedKeys[V any](m map[string]V) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// TestDumps plays every dump as a synthetic device through the poll loop: its variables, commands and writable variables are all there.
func TestDumps(t *testing.T) {
	total, share := make(map[string]int), make(map[string]int)
	for _, d := range dumps(t) {
		f := familyOf(d.id())
		if f == &generic {
			t.Logf("%s: no family yet", d.Dump)
			continue
		}
		t.Run(d.Dump, func(t *testing.T) {
			s, missing := synthesize(d, f)
			for _, what := range missing {
				t.Errorf("no row yields %s", what)
			}
			n, covered := play(t, d, s)
			total[f.name] += n
			share[f.name] += covered
		})
	}
	for _, name := range sortedKeys(total) {
		t.Logf("%s: %d of %d variables, commands and writable variables", name, share[name], total[name])
	}
}

// play runs the device and compares what it offers with the dump. It counts what the dump lists and what of that is there.
func play(t *testing.T, d dump, s *synthetic) (n, covered int) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		dev := s.device(d.id())
		desk := NewDesk(map[string]string{"ups.delay.shutdown": d.Variables["ups.delay.shutdown"], "ups.delay.start": d.Variables["ups.delay.start"]})
		u, err := Open(t.Context(), dev, Options{Desk: desk})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		store := ups.NewStore()
		go u.Run(ctx, store)
		time.Sleep(30 * time.Second)
		snap := store.Get()
		check := func(ok bool, format string, args ...any) {
			if n++; ok {
				covered++
				return
			}
			t.Errorf(format, args...)
		}
		for _, name := range sortedKeys(d.Variables) {
			if !plain(name) && !strings.HasPrefix(name, hidden) && s.excuse(d, name) == "" {
				check(same(snap.Value(name), d.Variables[name]), "%s: %q, want %q", name, snap.Value(name), d.Variables[name])
			}
		}
		for _, name := range d.Writable {
			if v, _ := snap.Var(name); !ofNUT(name) && s.excuse(d, name) == "" {
				check(v.Flags&ups.RW != 0 && desk.SetVar(ctx, name, v.Value) == nil, "%s cannot be set to what it is", name)
			}
		}
		for _, name := range d.Commands {
			if ofNUT(name) || s.excuse(d, name) != "" {
				continue
			}
			err := fmt.Errorf("not offered")
			if snap.HasCommand(name) {
				err = desk.InstCmd(ctx, name, "")
			}
			check(err == nil, "%s: %v", name, err)
		}
		cancel()
		synctest.Wait()
	})
	return n, covered
}
