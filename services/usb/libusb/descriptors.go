//go:build cgo

package libusb

import (
	"encoding/binary"
	"fmt"

	"github.com/upscard/upscard/services/usb/usbdesc"
)

// maxConfiguration bounds what is read of a configuration descriptor, in bytes.
const maxConfiguration = 4096

// configuration reads the active configuration's descriptor; gousb leaves out what it does not know, and with it the HID
// descriptor.
func (d *device) configuration() (value int, interfaces []usbdesc.HIDInterface, err error) {
	active, err := d.handle.ActiveConfigNum()
	if err != nil {
		return 0, nil, fmt.Errorf("active configuration: %w", wrap(err))
	}
	for index := range len(d.handle.Desc.Configs) {
		data, err := d.configurationAt(uint8(index))
		if err != nil {
			return 0, nil, fmt.Errorf("configuration descriptor %d: %w", index, err)
		}
		value, interfaces, err := usbdesc.ParseConfiguration(data)
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
	n, err := d.Control(usbdesc.FromDevice, usbdesc.GetDescriptor, usbdesc.TypeConfiguration<<8|uint16(index), 0, header)
	if err != nil {
		return nil, err
	}
	if n < len(header) {
		return nil, fmt.Errorf("%d bytes of at least %d", n, len(header))
	}
	data := make([]byte, min(binary.LittleEndian.Uint16(header[2:]), maxConfiguration))
	n, err = d.Control(usbdesc.FromDevice, usbdesc.GetDescriptor, usbdesc.TypeConfiguration<<8|uint16(index), 0, data)
	if err != nil {
		return nil, err
	}
	return data[:n], nil
}

// String reads with plain control transfers because libusb's own function leaves ASCII only.
func (d *device) String(index uint8) (string, error) { return d.strings.Get(index) }
