package usbhid

import (
	"cmp"
	goflag "flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/upscard/upscard/services/hid/hidtest"
	"github.com/upscard/upscard/services/usb"
)

//go:generate go test -run ^TestHardware$ . -update

var update = goflag.Bool("update", false, "write docs/hardware.md anew")

const hardware = "../../docs/hardware.md"

// TestHardware compares docs/hardware.md with the families' tables and with the models that captures and dumps show.
func TestHardware(t *testing.T) {
	want := hardwarePage(seenModels(t))
	if *update {
		if err := os.WriteFile(hardware, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(hardware); err != nil || string(got) != want {
		t.Errorf("%s is not what the tables say (%v): go generate ./services/usbhid", hardware, err)
	}
}

// seen is a model that a capture or a dump shows.
type seen struct{ vendor, product, manufacturer, model string }

// seenModels lists by family what captures and dumps show. It skips the test where those are not there.
func seenModels(t *testing.T) map[*family][]seen {
	all := make(map[*family]map[seen]bool)
	add := func(id usb.ID) {
		vars := newIdentity(id)
		f := familyOf(id)
		if all[f] == nil {
			all[f] = make(map[seen]bool)
		}
		if one := (seen{vars["ups.vendorid"], vars["ups.productid"], tidy(vars["ups.mfr"]), tidy(vars["ups.model"])}); one.model != "" && id.Vendor != 0 {
			all[f][one] = true
		}
	}
	for _, d := range dumps(t) {
		add(d.id())
	}
	for _, c := range hidtest.Captures(t) {
		add(usb.ID{Vendor: c.VendorID, Product: c.ProductID, Manufacturer: c.Manufacturer, ProductName: c.Product})
	}
	sorted := make(map[*family][]seen)
	for f, models := range all {
		sorted[f] = slices.SortedFunc(maps.Keys(models), func(a, b seen) int {
			return cmp.Or(cmp.Compare(a.vendor, b.vendor), cmp.Compare(a.manufacturer, b.manufacturer), cmp.Compare(a.model, b.model), cmp.Compare(a.product, b.product))
		})
	}
	return sorted
}

// newIdentity is what a model says of its device without having read it.
func newIdentity(id usb.ID) map[string]string {
	m := &model{id: id, family: familyOf(id)}
	return m.identity()
}

// tidy makes a text from a device fit for a table.
func tidy(s string) string {
	return strings.Join(strings.Fields(strings.ReplaceAll(clean(s), "|", "/")), " ")
}

func hardwarePage(models map[*family][]seen) string {
	var b strings.Builder
	fmt.Fprintf(&b, `<!-- Made from the tables in services/usbhid: go generate ./services/usbhid -->

# UPSes that upscard knows

A UPS on USB is served by the table of its family; one that no family claims, by the generic table, which knows what the USB HID Power
Device Class names. Nothing is refused that has a power device among its interfaces. A UPS shows those of its family's variables and commands that
its report descriptor has fields for.

| family | for | ids | variables | writable | commands | models seen |
|---|---|--:|--:|--:|--:|--:|
`)
	all := append(slices.Clone(families), &generic)
	for _, f := range all {
		can := f.abilities()
		fmt.Fprintf(&b, "| [%s](#%s) | %s | %s | %d | %d | %d | %d |\n", f.name, anchor(f.name), f.about, ids(f), len(can.variables), len(can.writable),
			len(can.commands), len(models[f]))
	}
	b.WriteString(`
Writable variables are among the variables. Models are those of which a capture of the USB traffic or NUT's list of variables was at hand; they are
played to the driver in its tests. The ids are vendor:product; a vendor alone stands for all its products.
`)
	for _, f := range all {
		fmt.Fprintf(&b, "\n## %s\n", f.name)
		if f.about != "" {
			fmt.Fprintf(&b, "\n%s%s.\n", strings.ToUpper(f.about[:1]), f.about[1:])
		}
		if len(f.quirks) > 0 {
			fmt.Fprintf(&b, "\n- %s\n", strings.Join(f.quirks, "\n- "))
		}
		can := f.abilities()
		fmt.Fprintf(&b, "\nCommands: %s.\n", cmp.Or(strings.Join(can.commands, ", "), "none"))
		fmt.Fprintf(&b, "\nWritable: %s.\n", cmp.Or(strings.Join(can.writable, ", "), "none"))
		if len(models[f]) > 0 {
			b.WriteString("\n| models seen | ids |\n|---|---|\n")
		}
		for _, s := range models[f] {
			fmt.Fprintf(&b, "| %s | %s:%s |\n", strings.TrimSpace(s.manufacturer+" "+s.model), s.vendor, s.product)
		}
	}
	return b.String()
}

// anchor is how the page's links name a heading.
func anchor(heading string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case r == '-' || r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z':
			return r
		}
		return -1
	}, strings.ToLower(heading))
}

func ids(f *family) string {
	var all []string
	for _, p := range f.devices {
		text := fmt.Sprintf("%04x", p.vendor)
		if p.product != 0 {
			text += fmt.Sprintf(":%04x", p.product)
		}
		all = append(all, text)
	}
	return cmp.Or(strings.Join(all, ", "), "any other")
}

// abilities are what devices of a family can have, sorted.
type abilities struct{ variables, writable, commands []string }

// identifiable reports whether the field that switches the beeper on is, in the rows that count first, the one that switches it off, and shows it.
func (f *family) identifiable() bool {
	first := make(map[string]commandRow)
	for _, r := range f.commandTable() {
		if _, later := first[r.name]; !later {
			first[r.name] = r
		}
	}
	on, off := first["beeper.enable"], first["beeper.disable"]
	return on.path != "" && on.path == off.path && !on.act.blind && !off.act.blind
}

func (f *family) abilities() (a abilities) {
	devices := f.devices
	if len(devices) == 0 {
		devices = []product{{}}
	}
	for _, p := range devices {
		for _, r := range f.table(usb.ID{Vendor: p.vendor, Product: p.product}) {
			a.variables = append(a.variables, r.name)
			if r.as.edit > 0 {
				a.writable = append(a.writable, r.name)
			}
		}
	}
	for _, r := range f.commandTable() {
		a.commands = append(a.commands, r.name)
	}
	for _, c := range compounds {
		if !slices.ContainsFunc(c.steps, func(s step) bool { return !slices.Contains(a.commands, s.name) }) {
			a.commands = append(a.commands, c.name)
		}
	}
	if f.identifiable() {
		a.commands = append(a.commands, identifyCommand)
	}
	if slices.ContainsFunc(defaults, func(name string) bool { return slices.Contains(a.commands, name) }) {
		a.commands = append(a.commands, "shutdown.default")
	}
	for _, names := range []*[]string{&a.variables, &a.writable, &a.commands} {
		slices.Sort(*names)
		*names = slices.Compact(*names)
	}
	return a
}

// TestFamiliesTellOfThemselves holds the families' texts to one form.
func TestFamiliesTellOfThemselves(t *testing.T) {
	for _, f := range append([]*family{&generic}, families...) {
		if f.about == "" {
			t.Logf("%s does not say whose devices it is for", f.name)
		}
		if strings.HasSuffix(f.about, ".") {
			t.Errorf("%s: about ends in a full stop: %q", f.name, f.about)
		}
		for _, q := range f.quirks {
			if !strings.HasSuffix(q, ".") || strings.ToUpper(q[:1]) != q[:1] {
				t.Errorf("%s: quirk %q is no sentence", f.name, q)
			}
		}
	}
}
