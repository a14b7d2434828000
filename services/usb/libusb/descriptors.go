//go:build cgo

package libusb

import (
	"encoding/binary"
	"fmt"
)

const (
	getDescriptor    = 0x06
	fromDevice       = 0x80   // request type: standard, to the device, IN
	maxConfiguration = 4096   // bytes that are read of a configuration descriptor
	usEnglish        = 0x0409 // what a device without a list of languages most likely has
)

// configuration reads the active configuration's descriptor; gousb leaves out what it does not know, and with it the HID
// descriptor.
func (d *device) configuration() (value int, interfaces []hidInterface, err error) {
	active, err := d.handle.ActiveConfigNum()
	if err != nil {
		return 0, nil, fmt.Errorf("active configuration: %w", wrap(err))
	}
	for index := range len(d.handle.Desc.Configs) {
		data, err := d.configurationAt(uint8(index))
		if err != nil {
			return 0, nil, fmt.Errorf("configuration descriptor %d: %w", index, err)
		}
		value, interfaces, err := parseConfiguration(data)
		if err != nil {
			return 0, nil, err
		}
		if int(value) == active {
			return active, interfaces, nil
		}
	}
	return 0, nil, fmt.Errorf("no configuration descriptor has the value %d of the active one", active)
}

// configurationAt asks for the header first, which tells how long the descriptor is.
func (d *device) configurationAt(index uint8) ([]byte, error) {
	header := make([]byte, 9)
	n, err := d.Control(fromDevice, getDescriptor, typeConfiguration<<8|uint16(index), 0, header)
	if err != nil {
		return nil, err
	}
	if n < len(header) {
		return nil, fmt.Errorf("%d bytes of at least %d", n, len(header))
	}
	data := make([]byte, min(binary.LittleEndian.Uint16(header[2:]), maxConfiguration))
	n, err = d.Control(fromDevice, getDescriptor, typeConfiguration<<8|uint16(index), 0, data)
	if err != nil {
		return nil, err
	}
	return data[:n], nil
}

// String reads with plain control transfers because libusb's own function leaves ASCII only.
func (d *device) String(index uint8) (string, error) {
	if d.language == 0 {
		d.language = usEnglish
		if list, err := d.stringDescriptor(0, 0); err == nil && len(list) >= 4 {
			d.language = binary.LittleEndian.Uint16(list[2:])
		}
	}
	data, err := d.stringDescriptor(index, d.language)
	if err != nil {
		return "", err
	}
	text, err := decodeString(data)
	if err != nil {
		return "", fmt.Errorf("string %d: %w", index, err)
	}
	return text, nil
}

func (d *device) stringDescriptor(index uint8, language uint16) ([]byte, error) {
	data := make([]byte, 255)
	n, err := d.Control(fromDevice, getDescriptor, typeString<<8|uint16(index), language, data)
	return data[:n], err
}
