package devices

import (
	"strings"
	"testing"

	"github.com/upscard/upscard/services/hid"
)

// Each own device has a report descriptor without a fault, and its reports have the declared lengths.
func TestOwnDevices(t *testing.T) {
	for _, name := range Names() {
		t.Run(name, func(t *testing.T) {
			d, err := Open(name)
			if err != nil {
				t.Fatal(err)
			}
			parsed, problems := hid.Parse(d.ReportDescriptor)
			for _, p := range problems {
				t.Error(p)
			}
			for id, report := range d.Feature {
				if want := parsed.ReportLen(hid.Feature, id); len(report) != want {
					t.Errorf("report 0x%02x has %d bytes, the descriptor says %d", id, len(report), want)
				}
			}
			for _, id := range parsed.Reports(hid.Input) {
				if n := parsed.ReportLen(hid.Input, id); n > int(d.Descriptors().MaxPacket) {
					t.Errorf("Input report 0x%02x of %d bytes needs more than one packet", id, n)
				}
			}
		})
	}
}

func TestOpen(t *testing.T) {
	for name, want := range map[string]string{
		"upscard-1600":  `did you mean "upscard-1500"`,
		"no/such.toml":  "no such file",
		"zzzzzzzzzzzzz": "own devices: composite-600, plain-600, upscard-1500",
	} {
		if _, err := Open(name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Open(%q): %v, want %q", name, err, want)
		}
	}
}
