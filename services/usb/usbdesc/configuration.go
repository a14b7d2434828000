// Package usbdesc reads descriptors of USB devices.
package usbdesc

import (
	"errors"
	"fmt"
	"slices"
)

// Descriptor types (USB 2.0, table 9-5; HID 1.11, 7.1).
const (
	TypeConfiguration = 0x02
	TypeString        = 0x03
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

// HIDInterface is an interface of class HID as a configuration descriptor tells it, in its alternate setting 0.
type HIDInterface struct {
	Number             uint8
	Subclass, Protocol uint8
	Descriptor         []byte // HID descriptor, nil if there is none
	Endpoint           uint8  // address of the first interrupt-IN endpoint, 0 if there is none
	Packet             int    // that endpoint's largest packet in bytes
}

// ParseConfiguration finds the configuration's value and its HID interfaces. What follows a descriptor whose length cannot be
// right is left out.
func ParseConfiguration(data []byte) (value uint8, interfaces []HIDInterface, err error) {
	if len(data) < 9 || data[0] < 9 || int(data[0]) > len(data) || data[1] != TypeConfiguration {
		return 0, nil, fmt.Errorf("configuration descriptor begins with % x", data[:min(len(data), 9)])
	}
	value = data[5]
	var current *HIDInterface // nil inside an interface that is no HID interface or another alternate setting
	for rest := data[data[0]:]; len(rest) >= 2 && int(rest[0]) >= 2 && int(rest[0]) <= len(rest); rest = rest[rest[0]:] {
		d := rest[:rest[0]]
		switch {
		case d[1] == typeInterface && len(d) >= 9:
			current = nil
			if d[3] == 0 && d[5] == classHID {
				interfaces = append(interfaces, HIDInterface{Number: d[2], Subclass: d[6], Protocol: d[7]})
				current = &interfaces[len(interfaces)-1]
			}
		case current == nil:
		case d[1] == typeHID && current.Descriptor == nil:
			current.Descriptor = slices.Clone(d)
		case d[1] == typeEndpoint && len(d) >= 7 && current.Endpoint == 0:
			if d[2]&directionIn != 0 && d[3]&transferMask == transferInterrupt {
				current.Endpoint = d[2]
				current.Packet = (int(d[4]) | int(d[5])<<8) & packetMask
			}
		}
	}
	return value, interfaces, nil
}

// Choose takes the interface with the number, or, if that is negative, the first that is no boot keyboard or mouse.
func Choose(interfaces []HIDInterface, number int) (HIDInterface, error) {
	for _, i := range interfaces {
		boot := i.Subclass == subclassBoot && i.Protocol != 0
		if int(i.Number) == number || number < 0 && !boot {
			return i, nil
		}
	}
	if number >= 0 {
		return HIDInterface{}, fmt.Errorf("interface %d is no HID interface", number)
	}
	return HIDInterface{}, errors.New("there is no HID interface")
}
