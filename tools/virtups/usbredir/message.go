package usbredir

import (
	"encoding/binary"
	"fmt"
)

// Hello opens a connection in both directions.
type Hello struct {
	Version      [64]byte
	Capabilities Capability
}

// DeviceConnect tells the guest that a device was plugged in.
type DeviceConnect struct {
	Speed                     Speed
	Class, Subclass, Protocol uint8
	Vendor, Product, Release  uint16
}

// InterfaceInfo lists the interfaces of the active configuration.
type InterfaceInfo struct {
	Count                             uint32
	Number, Class, Subclass, Protocol [slots]uint8
}

// EndpointInfo lists the endpoints, each in the slot of its address.
type EndpointInfo struct {
	Type, Interval, Interface [slots]uint8
	MaxPacket                 [slots]uint16
}

// ConfigurationStatus answers a get or set of the configuration.
type ConfigurationStatus struct {
	Status        Status
	Configuration uint8
}

// AltSettingStatus answers a get or set of an alternate setting.
type AltSettingStatus struct {
	Status         Status
	Interface, Alt uint8
}

// EndpointStatus answers a start or stop of a stream.
type EndpointStatus struct {
	Status   Status
	Endpoint uint8
}

// Control heads a control transfer (USB 2.0, 9.3); data follow it.
type Control struct {
	Endpoint, Request, RequestType uint8
	Status                         Status
	Value, Index, Length           uint16
}

// In reports whether the data of the transfer flow to the guest.
func (c Control) In() bool { return c.Endpoint&0x80 != 0 }

// Interrupt heads a packet of an interrupt endpoint; data follow it.
type Interrupt struct {
	Endpoint uint8
	Status   Status
	Length   uint16
}

// Bulk heads a bulk transfer between peers that both have Cap32BitBulk; data follow it.
type Bulk struct {
	Endpoint   uint8
	Status     Status
	Length     uint16
	Stream     uint32
	LengthHigh uint16
}

// Encode lays out head, one of this file's structs, with the data that follow it.
func Encode(head any, data []byte) []byte {
	body, err := binary.Append(nil, binary.LittleEndian, head)
	if err != nil {
		panic(fmt.Sprintf("usbredir: %T has no fixed size: %v", head, err)) // a mistake in this package
	}
	return append(body, data...)
}

// Decode fills head, a pointer to one of this file's structs, from the beginning of a packet's body. The data that follow it are returned;
// they share memory with the body.
func Decode(p Packet, head any) ([]byte, error) {
	n, err := binary.Decode(p.Body, binary.LittleEndian, head)
	if err != nil {
		return nil, fmt.Errorf("packet type %d: %d bytes are too few for %T", p.Type, len(p.Body), head)
	}
	return p.Body[n:], nil
}

// short cuts body to n bytes for a peer that lacks the capability which added the rest.
func short(body []byte, n int, has bool) []byte {
	if has {
		return body
	}
	return body[:n]
}
