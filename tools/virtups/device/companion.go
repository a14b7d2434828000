package device

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Companion is an interface that comes before the UPS's own and does nothing: what a composite device is besides.
type Companion struct {
	Class, Subclass, Protocol uint8
	ReportDescriptor          []byte     // of a HID interface, else nil
	Extra                     []byte     // descriptors that follow the interface's and are no endpoints
	Endpoints                 []Endpoint // those of a HID interface are made up
}

// Endpoint is one besides endpoint 0.
type Endpoint struct {
	Address, Attributes, Interval uint8
	MaxPacket                     uint16
}

// companion is the TOML form.
type companion struct {
	Class            uint8  `toml:"class"`
	Subclass         uint8  `toml:"subclass"`
	Protocol         uint8  `toml:"protocol"`
	ReportDescriptor string `toml:"report_descriptor"`
	Extra            string `toml:"extra"`
}

const (
	classHID      = 3
	interruptOnly = 3 // an endpoint's attributes
	directionIn   = 0x80
)

// maxCompanions leaves every interface an endpoint of its own.
const maxCompanions = 14

// companions decodes what the file holds as text.
func (d *Description) companions(all []companion) error {
	if len(all) > maxCompanions {
		return fmt.Errorf("before: %d interfaces, more than %d", len(all), maxCompanions)
	}
	for i, c := range all {
		out := Companion{Class: c.Class, Subclass: c.Subclass, Protocol: c.Protocol}
		var err error
		if out.ReportDescriptor, err = parseHex(c.ReportDescriptor); err == nil {
			err = out.extra(c.Extra)
		}
		if isHID := c.Class == classHID; err == nil && isHID != (len(out.ReportDescriptor) > 0) {
			err = errors.New("a report descriptor is what an interface of class 3 has, and no other")
		}
		if err != nil {
			return fmt.Errorf("before, interface %d: %w", i, err)
		}
		d.Before = append(d.Before, out)
	}
	return nil
}

// extra sorts the endpoints from the other descriptors.
func (c *Companion) extra(text string) error {
	rest, err := parseHex(text)
	if err != nil {
		return err
	}
	for len(rest) > 0 {
		n := int(rest[0])
		if n < 2 || n > len(rest) {
			return fmt.Errorf("extra: descriptor of %d bytes in %d", n, len(rest))
		}
		one := rest[:n]
		rest = rest[n:]
		if one[1] != typeEndpoint || n < 7 {
			c.Extra = append(c.Extra, one...)
			continue
		}
		c.Endpoints = append(c.Endpoints, Endpoint{Address: one[2], Attributes: one[3], MaxPacket: binary.LittleEndian.Uint16(one[4:]), Interval: one[6]})
	}
	return nil
}

// hid is the HID descriptor of a companion.
func (c *Companion) hid() []byte {
	return binary.LittleEndian.AppendUint16([]byte{9, typeHID, 0x10, 0x01, 0, 1, typeReport}, uint16(len(c.ReportDescriptor)))
}

// free returns the lowest address of an IN endpoint that no interface has.
func free(taken map[uint8]bool) uint8 {
	address := uint8(directionIn | 1)
	for taken[address] {
		address++
	}
	taken[address] = true
	return address
}

// layout gives the companions' HID interfaces, then the UPS's own, the endpoints that are left, and returns the latter.
func (d *Description) layout() (companions []Companion, own uint8) {
	taken := make(map[uint8]bool)
	for _, c := range d.Before {
		for _, e := range c.Endpoints {
			taken[e.Address] = true
		}
	}
	own = free(taken)
	for _, c := range d.Before {
		if c.Class == classHID && len(c.Endpoints) == 0 {
			c.Endpoints = []Endpoint{{Address: free(taken), Attributes: interruptOnly, MaxPacket: 8, Interval: Interval}}
		}
		companions = append(companions, c)
	}
	return companions, own
}

// interfaceDescriptors lays out one interface with all that belongs to it.
func interfaceDescriptors(number, class, subclass, protocol uint8, extra []byte, endpoints ...Endpoint) []byte {
	b := []byte{9, typeInterface, number, 0, uint8(len(endpoints)), class, subclass, protocol, 0}
	b = append(b, extra...)
	for _, e := range endpoints {
		b = append(b, 7, typeEndpoint, e.Address, e.Attributes)
		b = append(binary.LittleEndian.AppendUint16(b, e.MaxPacket), e.Interval)
	}
	return b
}
