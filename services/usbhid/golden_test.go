package usbhid

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/upscard/upscard/services/hid"
	"github.com/upscard/upscard/services/hid/hidtest"
	"github.com/upscard/upscard/services/ups"
	"github.com/upscard/upscard/services/usb"
)

// captureTexts are string descriptors that the captures do not hold, as the reference run had them. All others were "PbAc".
var captureTexts = map[string]map[uint8]string{
	"cyberpower-cp1300epfclcd": {3: "CPS", 5: ""},
}

// filled returns a model that has read every report of the capture; those that it lacks are zeros, as in the reference run.
func filled(t testing.TB, c hidtest.Capture) *model {
	t.Helper()
	d, _ := hid.Parse(c.Descriptor(t))
	m := newModel(usb.ID{
		Vendor: c.VendorID, Product: c.ProductID,
		Manufacturer: c.Manufacturer, ProductName: c.Product, Serial: c.Serial,
	}, d)
	reports := map[hid.Kind]map[uint8][]byte{hid.Feature: c.Feature(t), hid.Input: c.Input(t)}
	for _, kind := range []hid.Kind{hid.Input, hid.Feature} { // the reference run had no interrupts: what was asked for counts
		held := reports[kind]
		for _, id := range d.Reports(kind) {
			report := make([]byte, d.ReportLen(kind, id))
			report[0] = id
			if kind == hid.Input && held[id] == nil {
				continue
			}
			copy(report, held[id])
			m.commit(m.decode(key{kind, id}, report))
		}
	}
	for i, s := range captureTexts[c.Name] {
		m.texts.set(i, s)
	}
	m.vars(nil)
	for i := range m.texts.wanted {
		m.texts.set(i, "PbAc")
	}
	return m
}

// reference reads what NUT said of the device of a capture.
func reference(t *testing.T, name string) map[string]string {
	t.Helper()
	data, err := os.ReadFile(hidtest.Shared(t, "reference", name+".txt"))
	if err != nil {
		t.Fatal(err)
	}
	vars := make(map[string]string)
	for line := range strings.Lines(string(data)) {
		if name, value, ok := strings.Cut(strings.TrimSuffix(line, "\n"), ":"); ok {
			vars[name] = strings.TrimPrefix(value, " ")
		}
	}
	return vars
}

// unlikeNUT are names of variables and commands that are meant to differ from the reference, by capture, with the reason.
var unlikeNUT = hidtest.UnlikeNUT()

// NUT's own variables and commands, which say nothing of the UPS.
func ofNUT(name string) bool {
	return strings.HasPrefix(name, "driver.") || strings.HasPrefix(name, "device.usb.") || strings.HasPrefix(name, "server.")
}

// offers are the instant commands and the writable variables of a device.
type offers struct{ commands, writable []string }

// referenceOffers reads what NUT offered for the device of a capture.
func referenceOffers(t *testing.T, name string) (o offers) {
	t.Helper()
	data, err := os.ReadFile(hidtest.Shared(t, "reference", name+".cmd.txt"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		line = strings.TrimSpace(line)
		if name, ok := strings.CutPrefix(line, "["); ok && !ofNUT(name) {
			o.writable = append(o.writable, strings.TrimSuffix(name, "]"))
		}
		if name, _, ok := strings.Cut(line, " - "); ok && !ofNUT(name) && !strings.Contains(name, " ") {
			o.commands = append(o.commands, name)
		}
	}
	return o
}

// offersOf is what we offer for the device.
func offersOf(m *model) (o offers) {
	o.commands = slices.DeleteFunc(m.offered(), func(name string) bool { return name == identifyCommand }) // NUT has no such
	for name, v := range m.vars(nil) {
		if v.Flags&ups.RW != 0 {
			o.writable = append(o.writable, name)
		}
	}
	return o
}

// TestReference compares the variables of the captures whose family has a table with NUT's: names both ways, values where the capture
// holds the report.
func TestReference(t *testing.T) {
	for _, c := range hidtest.Captures(t) {
		if familyOf(usb.ID{Vendor: c.VendorID, Product: c.ProductID, Manufacturer: c.Manufacturer, ProductName: c.Product}) == &generic {
			continue
		}
		t.Run(c.Name, func(t *testing.T) {
			want := reference(t, c.Name)
			got := filled(t, c).vars(nil)
			for name, value := range want {
				switch reason := unlikeNUT[c.Name][name]; {
				case ofNUT(name):
				case reason != "":
					t.Logf("%s: %s", name, reason)
				case !has(got, name):
					t.Errorf("no %s, want %q", name, value)
				case got[name].Value != value:
					t.Errorf("%s: %q, want %q", name, got[name].Value, value)
				}
			}
			for name, v := range got {
				if !has(want, name) && unlikeNUT[c.Name][name] == "" {
					t.Errorf("%s: %q, which NUT does not say", name, v.Value)
				}
			}
			if most := max(1, len(want)/20); len(unlikeNUT[c.Name]) > most && !t.Failed() {
				t.Logf("%d variables of %d differ, more than %d", len(unlikeNUT[c.Name]), len(want), most)
			}
		})
	}
}

// TestReferenceOffers compares the commands and writable variables of the same captures with NUT's.
func TestReferenceOffers(t *testing.T) {
	for _, c := range hidtest.Captures(t) {
		if familyOf(usb.ID{Vendor: c.VendorID, Product: c.ProductID, Manufacturer: c.Manufacturer, ProductName: c.Product}) == &generic {
			continue
		}
		t.Run(c.Name, func(t *testing.T) {
			want, got := referenceOffers(t, c.Name), offersOf(filled(t, c))
			compareNames(t, "command", got.commands, want.commands, unlikeNUT[c.Name])
			compareNames(t, "writable variable", got.writable, want.writable, unlikeNUT[c.Name])
		})
	}
}

func compareNames(t *testing.T, what string, got, want []string, reasons map[string]string) {
	t.Helper()
	for _, name := range want {
		if !slices.Contains(got, name) && reasons[name] == "" {
			t.Errorf("no %s %s", what, name)
		}
	}
	for _, name := range got {
		if !slices.Contains(want, name) && reasons[name] == "" {
			t.Errorf("%s %s, which NUT does not offer", what, name)
		}
	}
}

func has[V any](m map[string]V, name string) bool {
	_, ok := m[name]
	return ok
}

// TestGeneric compares what the generic table makes of the other captures with what NUT's tables for their vendors
// say, wherever the capture holds the report.
func TestGeneric(t *testing.T) {
	for _, c := range hidtest.Captures(t) {
		if familyOf(usb.ID{Vendor: c.VendorID, Product: c.ProductID}) != &generic {
			continue
		}
		t.Run(c.Name, func(t *testing.T) {
			want := reference(t, c.Name)
			m := filled(t, c)
			got := m.vars(nil)
			for _, s := range m.slots {
				src, _ := m.source(s)
				value, told := want[s.name]
				if c.Feature(t)[src.key().id] == nil || !told {
					continue
				}
				if reason := unlikeNUT[c.Name][s.name]; reason != "" {
					t.Logf("%s: %s", s.name, reason)
				} else if got[s.name].Value != value {
					t.Errorf("%s: %q, want %q", s.name, got[s.name].Value, value)
				}
			}
			if got, want := got["ups.status"].Value, want["ups.status"]; got != want && unlikeNUT[c.Name]["ups.status"] == "" {
				t.Errorf("ups.status: %q, want %q", got, want)
			}
		})
	}
}
