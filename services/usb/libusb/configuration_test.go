package libusb

import (
	"reflect"
	"testing"
)

// Parts of configuration descriptors as devices send them.
var (
	configuration = []byte{9, 2, 0, 0, 1, 1, 0, 0xe0, 50}
	hidDescriptor = []byte{9, 0x21, 0x10, 0x01, 0, 1, 0x22, 0xb5, 0x02}
	interruptIn   = []byte{7, 5, 0x81, 3, 8, 0, 100}
	interruptOut  = []byte{7, 5, 0x02, 3, 8, 0, 100}
	bulkIn        = []byte{7, 5, 0x83, 2, 64, 0, 0}
)

func iface(number, alternate, class, subclass, protocol uint8) []byte {
	return []byte{9, 4, number, alternate, 1, class, subclass, protocol, 0}
}

func join(parts ...[]byte) (all []byte) {
	for _, p := range parts {
		all = append(all, p...)
	}
	return all
}

func TestParseConfiguration(t *testing.T) {
	ups := hidInterface{descriptor: hidDescriptor, endpoint: 0x81, packet: 8}
	second := ups
	second.number = 2
	for _, test := range []struct {
		name string
		data []byte
		want []hidInterface
	}{
		{"usual", join(configuration, iface(0, 0, 3, 0, 0), hidDescriptor, interruptIn), []hidInterface{ups}},
		{"HID descriptor after the endpoint", join(configuration, iface(0, 0, 3, 0, 0), interruptIn, hidDescriptor), []hidInterface{ups}},
		{"other endpoints first", join(configuration, iface(0, 0, 3, 0, 0), hidDescriptor, interruptOut, bulkIn, interruptIn), []hidInterface{ups}},
		{"after a disk", join(configuration, iface(0, 0, 8, 6, 80), bulkIn, iface(2, 0, 3, 0, 0), hidDescriptor, interruptIn), []hidInterface{second}},
		{"alternate setting left out", join(configuration, iface(0, 0, 3, 0, 0), hidDescriptor, iface(0, 1, 3, 0, 0), interruptIn),
			[]hidInterface{{descriptor: hidDescriptor}}},
		{"bare", join(configuration, iface(0, 0, 3, 0, 0)), []hidInterface{{}}},
		{"boot", join(configuration, iface(0, 0, 3, 1, 2)), []hidInterface{{subclass: 1, protocol: 2}}},
		{"no interface", configuration, nil},
		{"truncated", join(configuration, iface(0, 0, 3, 0, 0), hidDescriptor[:5]), []hidInterface{{}}},
		{"length 0", join(configuration, iface(0, 0, 3, 0, 0), []byte{0, 0x21, 0, 0}, hidDescriptor), []hidInterface{{}}},
		{"long header", join([]byte{10}, configuration[1:], []byte{0}, iface(0, 0, 3, 0, 0)), []hidInterface{{}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			value, got, err := parseConfiguration(test.data)
			if err != nil || value != 1 || !reflect.DeepEqual(got, test.want) {
				t.Errorf("got %d, %+v, %v; want %+v", value, got, err, test.want)
			}
		})
	}
	for _, data := range [][]byte{nil, {9, 2}, hidDescriptor, configuration[:8], {200, 2, 0, 0, 1, 1, 0, 0, 0}} {
		if _, got, err := parseConfiguration(data); err == nil {
			t.Errorf("% x: got %+v", data, got)
		}
	}
}

func TestChoose(t *testing.T) {
	interfaces := []hidInterface{{number: 0, subclass: 1, protocol: 1}, {number: 1}, {number: 3}}
	for _, test := range []struct {
		number int
		want   uint8
		ok     bool
	}{{-1, 1, true}, {0, 0, true}, {3, 3, true}, {2, 0, false}} {
		got, err := choose(interfaces, test.number)
		if got.number != test.want || (err == nil) != test.ok {
			t.Errorf("%d: got %+v, %v", test.number, got, err)
		}
	}
	if _, err := choose(interfaces[:1], -1); err == nil {
		t.Error("a keyboard was chosen")
	}
}

func TestDecodeString(t *testing.T) {
	for _, test := range []struct {
		data []byte
		want string
		ok   bool
	}{
		{[]byte{6, 3, '3', 0, 'B', 0}, "3B", true},
		{[]byte{8, 3, ' ', 0, 0xfc, 0, 0, 0}, "ü", true},
		{[]byte{6, 3, 0x3d, 0xd8, 0x0b, 0xdd}, "\U0001f50b", true},
		{[]byte{4, 3, 0x3d, 0xd8}, "\ufffd", true},
		{[]byte{2, 3}, "", true},
		{[]byte{255, 3, 'a', 0}, "a", true},
		{[]byte{5, 3, 'a', 0, 'b'}, "a", true},
		{[]byte{1, 3}, "", false},
		{[]byte{4, 2, 0, 0}, "", false},
		{nil, "", false},
	} {
		if got, err := decodeString(test.data); got != test.want || (err == nil) != test.ok {
			t.Errorf("% x: got %q, %v", test.data, got, err)
		}
	}
}

func FuzzParseConfiguration(f *testing.F) {
	f.Add(join(configuration, iface(0, 0, 3, 0, 0), hidDescriptor, interruptIn))
	f.Add(join(configuration, iface(0, 0, 8, 6, 80), bulkIn, iface(1, 0, 3, 1, 1), hidDescriptor, interruptIn))
	f.Fuzz(func(t *testing.T, data []byte) {
		_, interfaces, err := parseConfiguration(data)
		if err != nil {
			return
		}
		if len(interfaces)*9 > len(data) {
			t.Errorf("%d interfaces in %d bytes", len(interfaces), len(data))
		}
		for _, i := range interfaces {
			if i.endpoint != 0 && i.endpoint&directionIn == 0 || i.packet > packetMask {
				t.Errorf("got %+v", i)
			}
		}
		_, _ = decodeString(data)
	})
}
