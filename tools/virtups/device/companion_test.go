package device_test

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"

	"github.com/upscard/upscard/tools/virtups/device"
)

const before = `
[[before]]
class = 2
subclass = 2
protocol = 1
extra = "0524001001 07058103100040"
[[before]]
class = 10
extra = "07050202400000 07058302400000"
[[before]]
class = 3
report_descriptor = "050c 0901 a101 c0"
`

func TestComposite(t *testing.T) {
	d, err := device.Parse("composite", []byte(minimal+before))
	if err != nil {
		t.Fatal(err)
	}
	all := d.Descriptors()
	if all.Interface != 3 || all.Endpoint != 0x82 {
		t.Errorf("the UPS is interface %d with endpoint %#02x", all.Interface, all.Endpoint)
	}
	config, _ := all.Get(0x0200)
	if int(binary.LittleEndian.Uint16(config[2:])) != len(config) || config[4] != 4 {
		t.Errorf("configuration of %d bytes: % x", len(config), config[:9])
	}
	var seen [][]byte // interfaces and endpoints
	for rest := config[9:]; len(rest) > 0; rest = rest[rest[0]:] {
		switch rest[1] {
		case 4:
			seen = append(seen, rest[2:8])
		case 5:
			seen = append(seen, rest[2:4])
		}
	}
	want := [][]byte{
		{0, 0, 1, 2, 2, 1}, {0x81, 3}, {1, 0, 2, 10, 0, 0}, {0x02, 2}, {0x83, 2}, {2, 0, 1, 3, 0, 0}, {0x84, 3}, {3, 0, 1, 3, 0, 0}, {0x82, 3},
	}
	if len(seen) != len(want) {
		t.Fatalf("%x", seen)
	}
	for i := range want {
		if !bytes.Equal(seen[i], want[i]) {
			t.Errorf("descriptor %d: % x, want % x", i, seen[i], want[i])
		}
	}
	keys, _ := all.GetOf(2, 0x2200)
	own, _ := all.GetOf(3, 0x2200)
	if !bytes.Equal(keys, []byte{5, 0x0c, 9, 1, 0xa1, 1, 0xc0}) || !bytes.Equal(own, d.ReportDescriptor) {
		t.Errorf("report descriptors % x and % x", keys, own)
	}
	if hid, _ := all.GetOf(2, 0x2100); !bytes.Contains(config, hid) || len(hid) != 9 || hid[7] != 7 {
		t.Errorf("HID descriptor % x", hid)
	}
	for number, value := range map[uint8]uint16{0: 0x2200, 1: 0x2100, 2: 0x2201, 4: 0x2200, 255: 0x2200} {
		if got, ok := all.GetOf(number, value); ok {
			t.Errorf("interface %d has the descriptor %#04x: % x", number, value, got)
		}
	}
}

func TestCompanionErrors(t *testing.T) {
	for text, want := range map[string]string{
		"class = 3":                                        "before, interface 0: a report descriptor is what",
		"class = 2\nreport_descriptor = '00'":              "before, interface 0: a report descriptor is what",
		"class = 2\nextra = '0705'":                        "extra: descriptor of 7 bytes in 2",
		"class = 2\nextra = '0100'":                        "extra: descriptor of 1 bytes in 2",
		"class = 2\nextra = 'x'":                           "invalid byte",
		"class = 2" + strings.Repeat("\n[[before]]\n", 14): "15 interfaces, more than 14",
	} {
		if _, err := device.Parse("x", []byte(minimal+"\n[[before]]\n"+text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}
