package e2e

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/upscard/upscard/services/hid"
	"github.com/upscard/upscard/tools/virtups/device"
	"github.com/upscard/upscard/tools/virtups/devices"
	"github.com/upscard/upscard/tools/virtups/sim"
)

// gadget is a HID device that is no UPS, for which the card has no driver but the kernel's.
const gadget = `
schema = "upscard-device/1"
vendor_id = 0x1209
product_id = 0x0002
product = "Gadget"
descriptor = """
Usage ff000001; Collection Application
LogicalMin 0; LogicalMax 255; ReportSize 8; ReportCount 1
Usage ff000002; Feature Variable
End"""
[reports.feature]
0x00 = "2a"
`

// What tools/capture records of a UPS describes the same UPS, in every descriptor, report and string; and the UPS is back with its
// driver afterwards.
func TestRecordedUPSIsTheSame(t *testing.T) {
	other := filepath.Join(t.TempDir(), "gadget.toml")
	if err := os.WriteFile(other, []byte(gadget), 0o600); err != nil {
		t.Fatal(err)
	}
	m := bootReady(t, setup{devices: []string{"", other}, files: recorder(t)})
	u := m.UPS[0]
	m.do(u, "battery 100")
	m.do(u, "load 20")

	m.awaitDriver("1-2", "usbhid") // by which capture sees that the gadget is no UPS; a driver of the card's looks at it first

	if out := m.shell("/capture -o /tmp/none.toml && exit 1; ls /tmp"); !strings.Contains(out, "another program uses the device") || strings.Contains(out, "none.toml") {
		t.Errorf("the driver's UPS was not left alone: %s", out)
	}
	want, err := devices.Open(devices.Default)
	if err != nil {
		t.Fatal(err)
	}
	got := m.record("-take -interrupts 12s") // longer than the pause between two reports that repeat themselves
	compareDevices(t, got, want)
	compareReports(t, hid.Feature, got.Feature, u, want)
	compareReports(t, hid.Input, got.Input, u, want)
	m.awaitAnswer("ups", "ups.status", `^OL`, patience)
	m.explore(want)
	m.awaitAnswer("ups", "ups.status", `^OL`, patience)

	m.awaitDriver("1-2", "usbhid")
	if got := m.record("-port 1-2 -interrupts 0s"); !bytes.Equal(got.Feature[0], []byte{0x2a}) || got.Model != "Gadget" {
		t.Errorf("the gadget became %+v", got)
	}
	m.awaitDriver("1-2", "usbhid")
	if out := m.shell("usbhid-ups explore -port 1-2"); !regexp.MustCompile(`(?m)^ff000001\.ff000002 +Feature .* 42$`).MatchString(out) ||
		!strings.Contains(out, "no power device") {
		t.Errorf("explored: %s", out)
	}
}

// So it is with real UPSes, as their captures have them.
func TestRecordedCapturesAreTheSame(t *testing.T) {
	names := []string{"apc-bk650m2-ch", "cyberpower-cst135uc2", "eaton-3s-700", "tripplite-4003"}
	var files []string
	for _, name := range names {
		files = append(files, capture(t, name))
	}
	m := bootReady(t, setup{devices: files, files: recorder(t)})
	for i, file := range files {
		t.Run(names[i], func(t *testing.T) {
			want, err := device.Load(file)
			if err != nil {
				t.Fatal(err)
			}
			m.do(m.UPS[i], "battery 100")
			got := m.record("-take -interrupts 0s -serial '" + want.Serial + "' -vendorid " + fmt.Sprintf("%04x", want.Vendor))
			compareDevices(t, got, want)
			compareReports(t, hid.Feature, got.Feature, m.UPS[i], want, 0xfe, 0xff) // Eaton's firmware is not asked for these two
		})
	}
}

// recorder are the files of a card that has tools/capture.
func recorder(t *testing.T) map[string][]byte {
	t.Helper()
	return map[string][]byte{"capture": forCard(t, "build", "../capture")}
}

// record runs tools/capture on the card and reads its file.
func (m *machine) record(options string) *device.Description {
	m.t.Helper()
	text := m.shell("rm -f /tmp/ups.toml; /capture " + options + " -o /tmp/ups.toml >/tmp/said 2>&1; cat /tmp/said >&2; cat /tmp/ups.toml")
	_, text, ok := strings.Cut(text, "# A UPS as")
	if !ok {
		m.t.Fatalf("nothing was recorded: %s", m.shell("cat /tmp/said"))
	}
	d, err := device.Parse("recorded", []byte("# "+text))
	if err != nil {
		m.t.Fatalf("%v in\n%s", err, text)
	}
	return d
}

// compareDevices compares all descriptors, strings among them.
func compareDevices(t *testing.T, got, want *device.Description) {
	t.Helper()
	if got.Manufacturer != want.Manufacturer || got.Model != want.Model || got.Serial != want.Serial {
		t.Errorf("recorded %q, %q, %q of %q, %q, %q", got.Manufacturer, got.Model, got.Serial, want.Manufacturer, want.Model, want.Serial)
	}
	a, b := got.Descriptors(), want.Descriptors()
	values := []uint16{0x0100, 0x0200, 0x2100, 0x2200}
	for i := range uint16(256) {
		values = append(values, 0x0300+i)
	}
	for _, value := range values {
		have, _ := a.Get(value)
		should, _ := b.Get(value)
		if !bytes.Equal(have, should) {
			t.Errorf("descriptor %04x: % x, want % x", value, have, should)
		}
	}
}

// compareReports compares recorded reports with those of the simulated UPS, which holds still meanwhile.
func compareReports(t *testing.T, kind hid.Kind, got map[uint8][]byte, u *sim.UPS, d *device.Description, without ...uint8) {
	t.Helper()
	want := map[uint8][]byte{}
	parsed, _ := hid.Parse(d.ReportDescriptor)
	for _, id := range parsed.Reports(kind) {
		if !slices.Contains(without, id) {
			want[id] = u.Report(kind, id)
		}
	}
	if !maps.EqualFunc(got, want, bytes.Equal) {
		t.Errorf("%v reports %x, want %x", kind, got, want)
	}
}

// explore asserts that `usbhid-ups explore` tells of every field of the UPS.
func (m *machine) explore(d *device.Description) {
	m.t.Helper()
	out := m.shell("usbhid-ups explore -take -serial " + d.Serial)
	parsed, _ := hid.Parse(d.ReportDescriptor)
	for i := range parsed.Fields {
		f := &parsed.Fields[i]
		line := `(?m)^` + regexp.QuoteMeta(f.Path.String()) + ` +` + f.Kind.String() + ` .*$`
		if f.Kind == hid.Feature {
			line = strings.TrimSuffix(line, "$") + `[0-9"]( +[a-z][a-z0-9. -]*)?$`
		}
		if f.Index == 0 && !regexp.MustCompile(line).MatchString(out) {
			m.t.Errorf("no line %s in\n%s", line, out)
		}
	}
}

// awaitDriver waits until the first interface of the device at the port has a driver of the kernel.
func (m *machine) awaitDriver(port, driver string) {
	m.t.Helper()
	ctx, cancel := within(m.t, patience)
	defer cancel()
	for last := ""; !strings.HasSuffix(last, "/"+driver); {
		if ctx.Err() != nil {
			m.t.Fatalf("the driver at port %s is %q, want %s", port, last, driver)
		}
		last = m.shell("readlink /sys/bus/usb/devices/" + port + ":1.0/driver || true")
	}
}
