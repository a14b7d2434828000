package device

import (
	"encoding/binary"
	"unicode/utf16"

	"github.com/upscard/upscard/services/hid"
)

// Types of descriptors (USB 2.0, table 9-5; HID 1.11, 7.1).
const (
	typeDevice        = 1
	typeConfiguration = 2
	typeString        = 3
	typeInterface     = 4
	typeEndpoint      = 5
	typeHID           = 0x21
	typeReport        = 0x22
)

// Interval is the polling interval of the interrupt-IN endpoints in milliseconds.
const Interval = 10

// Descriptors holds a device's descriptors as GET_DESCRIPTOR returns them.
type Descriptors struct {
	device, configuration, hid, report []byte
	strings                            map[uint8][]byte

	Companions []Companion // the interfaces before the UPS's own, by number
	Interface  uint8       // the number of the UPS's own
	Endpoint   uint8       // the address of its interrupt-IN endpoint
	MaxPacket  uint16      // of that, bytes
}

// Descriptors lays out the device's descriptors.
func (d *Description) Descriptors() *Descriptors {
	t := d.stringTable()
	companions, endpoint := d.layout()
	out := &Descriptors{Companions: companions, Interface: uint8(len(companions)), Endpoint: endpoint, report: d.ReportDescriptor, hid: d.HIDDescriptor, MaxPacket: d.packet(), strings: map[uint8][]byte{}}
	if len(out.hid) == 0 {
		out.hid = []byte{9, typeHID, 0x10, 0x01, 0, 1, typeReport, 0, 0}
		binary.LittleEndian.PutUint16(out.hid[7:], uint16(len(d.ReportDescriptor)))
	}
	const usb11 = 0x0110
	b := []byte{18, typeDevice}
	b = binary.LittleEndian.AppendUint16(b, usb11)
	b = append(b, 0, 0, 0, 8) // class in the interface; 8 bytes at endpoint 0
	b = binary.LittleEndian.AppendUint16(b, d.Vendor)
	b = binary.LittleEndian.AppendUint16(b, d.Product)
	b = binary.LittleEndian.AppendUint16(b, d.Release)
	out.device = append(b, t.index[roleManufacturer], t.index[roleModel], t.index[roleSerial], 1)

	var body []byte
	for i, c := range companions {
		extra := c.Extra
		if c.Class == classHID {
			extra = append(c.hid(), extra...)
		}
		body = append(body, interfaceDescriptors(uint8(i), c.Class, c.Subclass, c.Protocol, extra, c.Endpoints...)...)
	}
	body = append(body, interfaceDescriptors(out.Interface, classHID, 0, 0, out.hid,
		Endpoint{Address: endpoint, Attributes: interruptOnly, MaxPacket: out.MaxPacket, Interval: Interval})...)
	const selfPowered, current = 0xc0, 0
	b = binary.LittleEndian.AppendUint16([]byte{9, typeConfiguration}, uint16(9+len(body)))
	out.configuration = append(append(b, out.Interface+1, 1, 0, selfPowered, current), body...)

	out.strings[0] = []byte{4, typeString, 0x09, 0x04} // English (United States)
	for i, s := range t.texts {
		out.strings[i] = stringDescriptor(s)
	}
	return out
}

// stringDescriptor encodes s, cut to the 126 units that fit.
func stringDescriptor(s string) []byte {
	units := utf16.Encode([]rune(s))
	units = units[:min(len(units), 126)]
	b := []byte{byte(2 + 2*len(units)), typeString}
	for _, u := range units {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return b
}

// packet is the smallest usual size in which the longest Input report fits, or the largest.
func (d *Description) packet() uint16 {
	switch {
	case d.LowSpeed:
		return 8
	case d.MaxPacket != 0:
		return d.MaxPacket
	}
	parsed, _ := hid.Parse(d.ReportDescriptor)
	longest := 0
	for _, id := range parsed.Reports(hid.Input) {
		longest = max(longest, parsed.ReportLen(hid.Input, id))
	}
	for _, size := range []int{8, 16, 32} {
		if longest <= size {
			return uint16(size)
		}
	}
	return 64
}

// Get returns the descriptor of a GET_DESCRIPTOR's wValue to the device or to the UPS's own interface, whole, and whether there is one.
func (d *Descriptors) Get(value uint16) ([]byte, bool) {
	index := uint8(value)
	switch value >> 8 {
	case typeDevice:
		return d.device, index == 0
	case typeConfiguration:
		return d.configuration, index == 0
	case typeString:
		s, ok := d.strings[index]
		return s, ok
	case typeHID:
		return d.hid, index == 0
	case typeReport:
		return d.report, index == 0
	}
	return nil, false
}

// GetOf is Get to an interface.
func (d *Descriptors) GetOf(number uint8, value uint16) ([]byte, bool) {
	switch {
	case number == d.Interface:
		return d.Get(value)
	case number > d.Interface || d.Companions[number].Class != classHID || uint8(value) != 0:
		return nil, false
	}
	switch c := &d.Companions[number]; value >> 8 {
	case typeHID:
		return c.hid(), true
	case typeReport:
		return c.ReportDescriptor, true
	}
	return nil, false
}
