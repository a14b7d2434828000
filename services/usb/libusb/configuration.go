// Package libusb opens USB devices through gousb.
package libusb

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf16"
)

// Descriptor types (USB 2.0, table 9-5; HID 1.11, 7.1).
const (
	typeConfiguration = 0x02
	typeString        = 0x03
	typeInterface     = 0x04
	typeEndpoint      = 0x05
	typeHID           = 0x21
)

const (
	classHID          = 0x03
	subclassBoot      = 0x01
	transferMask      = 0x03 // of an endpoint's attributes
	transferInterrupt = 0x03
	directionIn       = 0x80 // of an endpoint's address
	packetMask        = 0x07ff
)

// hidInterface is an interface of class HID as a configuration descriptor tells it, in its alternate setting 0.
type hidInterface struct {
	number             uint8
	subclass, protocol uint8
	descriptor         []byte // HID descriptor, nil if there is none
	endpoint           uint8  // address of the first interrupt-IN endpoint, 0 if there is none
	packet             int    // that endpoint's largest packet in bytes
}

// parseConfiguration finds the configuration's value and its HID interfaces. What follows a descriptor whose length cannot be
// right is left out.
func parseConfiguration(data []byte) (value uint8, interfaces []hidInterface, err error) {
	if len(data) < 9 || data[0] < 9 || int(data[0]) > len(data) || data[1] != typeConfiguration {
		return 0, nil, fmt.Errorf("configuration descriptor begins with % x", data[:min(len(data), 9)])
	}
	value = data[5]
	var current *hidInterface // nil inside an interface that is no HID interface or another alternate setting
	for rest := data[data[0]:]; len(rest) >= 2 && int(rest[0]) >= 2 && int(rest[0]) <= len(rest); rest = rest[rest[0]:] {
		d := rest[:rest[0]]
		switch {
		case d[1] == typeInterface && len(d) >= 9:
			current = nil
			if d[3] == 0 && d[5] == classHID {
				interfaces = append(interfaces, hidInterface{number: d[2], subclass: d[6], protocol: d[7]})
				current = &interfaces[len(interfaces)-1]
			}
		case current == nil:
		case d[1] == typeHID && current.descriptor == nil:
			current.descriptor = slices.Clone(d)
		case d[1] == typeEndpoint && len(d) >= 7 && current.endpoint == 0:
			if d[2]&directionIn != 0 && d[3]&transferMask == transferInterrupt {
				current.endpoint = d[2]
				current.packet = (int(d[4]) | int(d[5])<<8) & packetMask
			}
		}
	}
	return value, interfaces, nil
}

// choose takes the interface with the number, or, if that is negative, the first that is no boot keyboard or mouse.
func choose(interfaces []hidInterface, number int) (hidInterface, error) {
	for _, i := range interfaces {
		boot := i.subclass == subclassBoot && i.protocol != 0
		if int(i.number) == number || number < 0 && !boot {
			return i, nil
		}
	}
	if number >= 0 {
		return hidInterface{}, fmt.Errorf("interface %d is no HID interface", number)
	}
	return hidInterface{}, errors.New("there is no HID interface")
}

// decodeString reads a string descriptor (USB 2.0, 9.6.7).
func decodeString(data []byte) (string, error) {
	if len(data) < 2 || data[1] != typeString || data[0] < 2 {
		return "", fmt.Errorf("string descriptor begins with % x", data[:min(len(data), 4)])
	}
	data = data[2:min(int(data[0]), len(data))]
	units := make([]uint16, len(data)/2)
	for i := range units {
		units[i] = uint16(data[2*i]) | uint16(data[2*i+1])<<8
	}
	return strings.Trim(string(utf16.Decode(units)), " \t\r\n\x00"), nil
}
