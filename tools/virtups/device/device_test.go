package device_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/upscard/upscard/tools/virtups/device"
)

// minimal is an own device with two strings that its reports point at.
const minimal = `
schema = "upscard-device/1"
vendor_id = 0x1209
product_id = 7
bcd_device = "0203"
manufacturer = "Maker"
product = "Thing"
descriptor = """
UsagePage PowerDevice; Usage UPS; Collection Application
LogicalMin 0; LogicalMax 255; ReportSize 8; ReportCount 1; ReportID 1
Usage iProduct; Feature Variable
Usage iDeviceChemistry; Feature Variable
Usage iManufacturer; Input Variable
End"""
[strings]
9 = "more"
[reports.feature]
0x01 = "01 05 04"
`

func TestParse(t *testing.T) {
	d, err := device.Parse("minimal", []byte(minimal))
	if err != nil {
		t.Fatal(err)
	}
	if d.Vendor != 0x1209 || d.Product != 7 || d.Release != 0x0203 || d.Model != "Thing" {
		t.Errorf("%+v", d)
	}
	if !bytes.Equal(d.Feature[1], []byte{1, 5, 4}) {
		t.Errorf("report 1: % x", d.Feature[1])
	}
}

func TestDescriptors(t *testing.T) {
	d, err := device.Parse("minimal", []byte(minimal))
	if err != nil {
		t.Fatal(err)
	}
	all := d.Descriptors()
	dev, _ := all.Get(0x0100)
	want := []byte{18, 1, 0x10, 1, 0, 0, 0, 8, 0x09, 0x12, 7, 0, 3, 2, 1, 5, 0, 1}
	if !bytes.Equal(dev, want) {
		t.Errorf("device % x, want % x", dev, want)
	}
	config, _ := all.Get(0x0200)
	if int(config[2]) != len(config) || len(config) != 9+9+9+7 {
		t.Errorf("configuration says %d bytes, has %d", config[2], len(config))
	}
	hid, _ := all.Get(0x2100)
	if !bytes.Contains(config, hid) {
		t.Errorf("configuration lacks the HID descriptor % x", hid)
	}
	for index, text := range map[uint16]string{1: "Maker", 5: "Thing", 4: "PbAc", 9: "more"} {
		got, ok := all.Get(0x0300 | index)
		if plain := strings.ReplaceAll(string(got[min(2, len(got)):]), "\x00", ""); !ok || plain != text {
			t.Errorf("string %d is %q, want %q", index, plain, text)
		}
	}
	for _, missing := range []uint16{0x0302, 0x0600, 0x0101, 0x2300} {
		if _, ok := all.Get(missing); ok {
			t.Errorf("there is a descriptor 0x%04x", missing)
		}
	}
}

func TestErrors(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"no TOML", "schema = ", "1:"},
		{"schema", `schema = "other"`, `schema is "other"`},
		{"unknown key", "schema = \"upscard-device/1\"\nvendr_id = 3\n", `2:1: unknown key "vendr_id"`},
		{"no descriptor", `schema = "ups-hid-capture/1"`, "no report descriptor"},
		{"bad hex", "schema = \"ups-hid-capture/1\"\nreport_descriptor = \"0x\"", "report_descriptor: "},
		{"bad item", "schema = \"upscard-device/1\"\ndescriptor = \"Foo 1\"", `descriptor: line 1: unknown item "Foo"`},
		{"bad report id", minimal + "\n0x100 = \"00\"", `reports.feature: "0x100" is no report id`},
		{"bad report", strings.Replace(minimal, "01 05 04", "01 5", 1), "reports.feature.0x01: "},
		{"bad string index", strings.Replace(minimal, "9 =", "0 =", 1), `strings: "0" is no string index`},
		{
			"endless", "schema = \"ups-hid-capture/1\"\nreport_descriptor = \"" + strings.Repeat("a4b4", 2100) + "\"",
			"report descriptor has 4200 bytes",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := device.Parse("x", []byte(c.text)); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}

// Every capture with a report descriptor can be plugged in.
func TestCaptures(t *testing.T) {
	files, _ := filepath.Glob("../../../../shared/captures/*.toml")
	if len(files) == 0 {
		t.Skip("no captures of real UPSes beside the repository")
	}
	for _, path := range files {
		d, err := device.Load(path)
		switch pathsOnly := strings.HasSuffix(path, "-pathsonly.toml"); {
		case pathsOnly && err == nil:
			t.Errorf("%s was loaded without a descriptor", path)
		case !pathsOnly && err != nil:
			t.Error(err)
		case err == nil:
			d.Descriptors()
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(minimal))
	f.Add([]byte(minimal + before))
	if own, err := os.ReadFile("../devices/upscard-1500.toml"); err == nil {
		f.Add(own)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := device.Parse("fuzz", data)
		if err == nil {
			d.Descriptors()
		}
	})
}
