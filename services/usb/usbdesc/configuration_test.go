package usbdesc

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
	ups := HIDInterface{Descriptor: hidDescriptor, Endpoint: 0x81, Packet: 8}
	second := ups
	second.Number = 2
	for _, test := range []struct {
		name string
		data []byte
		want []HIDInterface
	}{
		{"usual", join(configuration, iface(0, 0, 3, 0, 0), hidDescriptor, interruptIn), []HIDInterface{ups}},
		{"HID descriptor after the endpoint", join(configuration, iface(0, 0, 3, 0, 0), interruptIn, hidDescriptor), []HIDInterface{ups}},
		{"other endpoints first", join(configuration, iface(0, 0, 3, 0, 0), hidDescriptor, interruptOut, bulkIn, interruptIn), []HIDInterface{ups}},
		{"after a disk", join(configuration, iface(0, 0, 8, 6, 80), bulkIn, iface(2, 0, 3, 0, 0), hidDescriptor, interruptIn), []HIDInterface{second}},
		{"alternate setting left out", join(configuration, iface(0, 0, 3, 0, 0), hidDescriptor, iface(0, 1, 3, 0, 0), interruptIn),
			[]HIDInterface{{Descriptor: hidDescriptor}}},
		{"bare", join(configuration, iface(0, 0, 3, 0, 0)), []HIDInterface{{}}},
		{"boot", join(configuration, iface(0, 0, 3, 1, 2)), []HIDInterface{{Subclass: 1, Protocol: 2}}},
		{"no interface", configuration, nil},
		{"truncated", join(configuration, iface(0, 0, 3, 0, 0), hidDescriptor[:5]), []HIDInterface{{}}},
		{"length 0", join(configuration, iface(0, 0, 3, 0, 0), []byte{0, 0x21, 0, 0}, hidDescriptor), []HIDInterface{{}}},
		{"long header", join([]byte{10}, configuration[1:], []byte{0}, iface(0, 0, 3, 0, 0)), []HIDInterface{{}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			value, got, err := ParseConfiguration(test.data)
			if err != nil || value != 1 || !reflect.DeepEqual(got, test.want) {
				t.Errorf("got %d, %+v, %v; want %+v", value, got, err, test.want)
			}
		})
	}
	for _, data := range [][]byte{nil, {9, 2}, hidDescriptor, configuration[:8], {200, 2, 0, 0, 1, 1, 0, 0, 0}} {
		if _, got, err := ParseConfiguration(data); err == nil {
			t.Errorf("% x: got %+v", data, got)
		}
	}
}

func TestChoose(t *testing.T) {
	interfaces := []HIDInterface{{Number: 0, Subclass: 1, Protocol: 1}, {Number: 1}, {Number: 3}}
	for _, test := range []struct {
		number int
		want   uint8
		ok     bool
	}{{-1, 1, true}, {0, 0, true}, {3, 3, true}, {2, 0, false}} {
		got, err := Choose(interfaces, test.number)
		if got.Number != test.want || (err == nil) != test.ok {
			t.Errorf("%d: got %+v, %v", test.number, got, err)
		}
	}
	if _, err := Choose(interfaces[:1], -1); err == nil {
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
		if got, err := DecodeString(test.data); got != test.want || (err == nil) != test.ok {
			t.Errorf("% x: got %q, %v", test.data, got, err)
		}
	}
}

func FuzzParseConfiguration(f *testing.F) {
	f.Add(join(configuration, iface(0, 0, 3, 0, 0), hidDescriptor, interruptIn))
	f.Add(join(configuration, iface(0, 0, 8, 6, 80), bulkIn, iface(1, 0, 3, 1, 1), hidDescriptor, interruptIn))
	f.Fuzz(func(t *testing.T, data []byte) {
		_, interfaces, err := ParseConfiguration(data)
		if err != nil {
			return
		}
		if len(interfaces)*9 > len(data) {
			t.Errorf("%d interfaces in %d bytes", len(interfaces), len(data))
		}
		for _, i := range interfaces {
			if i.Endpoint != 0 && i.Endpoint&directionIn == 0 || i.Packet > packetMask {
				t.Errorf("got %+v", i)
			}
		}
		_, _ = DecodeString(data)
	})
}
