package usbhid

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"maps"
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
	if id.Vendor == 0 && strings.HasPrefix(d.Dump, "Tripp_Lite/") { // NUT 2.1 did not show the ids
		id.Vendor = 0x09ae
	}
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

// inputs are the dump's variables.
func (d dump) inputs() *inputs {
	in := &inputs{vars: make(map[string]ups.Var), texts: newTexts()}
	for name, value := range d.Variables {
		in.vars[name] = ups.Var{Value: value}
	}
	return in
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
			t.Errorf("%s: no family", d.Dump)
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
