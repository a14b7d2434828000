package survey

import (
	"encoding/binary"
	"errors"
	"slices"

	"github.com/upscard/upscard/services/hid"
	"github.com/upscard/upscard/services/usb"
)

// Requests (USB 2.0, 9.4; HID 1.11, 7.1.1, 7.2.1) and types of descriptors.
const (
	fromDevice, fromInterface, classFromInterface = 0x80, 0x81, 0xa1

	getDescriptor, getReport                     = 0x06, 0x01
	typeDevice, typeConfiguration                = 0x01, 0x02
	typeHID, typeReport                          = 0x21, 0x22
	deviceLength, headerLength, hidLength        = 18, 9, 9
	largest                               uint16 = 4096 // that Linux lets pass in one transfer
)

var errEmpty = errors.New("the answer is empty")

// descriptors reads all kinds of descriptors but strings. Only the report descriptor must be there.
func (t *taker) descriptors() error {
	t.Device, _ = t.descriptor(fromDevice, typeDevice, deviceLength)
	if header, err := t.descriptor(fromDevice, typeConfiguration, headerLength); err == nil && len(header) == headerLength {
		length := min(binary.LittleEndian.Uint16(header[2:]), largest)
		t.Configuration, _ = t.descriptor(fromDevice, typeConfiguration, length)
	}
	t.AskedHID, _ = t.descriptor(fromInterface, typeHID, hidLength)
	var best *hid.Descriptor
	err := errEmpty
	for _, length := range t.lengths() {
		if t.ctx.Err() != nil {
			return t.ctx.Err()
		}
		report, e := t.descriptor(fromInterface, typeReport, length)
		switch {
		case errors.Is(e, usb.ErrGone):
			return e
		case e != nil:
			err = e
			continue
		}
		parsed, problems := hid.Parse(report)
		if best == nil || len(parsed.Fields) > len(best.Fields) {
			best, t.Report = parsed, report
		}
		if len(problems) == 0 {
			break
		}
	}
	if best == nil {
		return err
	}
	return nil
}

// lengths are those that the report descriptor may have, the likeliest first. Some devices hold it right in the configuration and
// wrong when asked, some the other way round (NUT's libusb1.c: Tripp Lite SMART1000LCD, Eaton 0202).
func (t *taker) lengths() []uint16 {
	var all []uint16
	for _, d := range [][]byte{t.HID, t.AskedHID} {
		if len(d) < hidLength || d[1] != typeHID || d[6] != typeReport {
			continue
		}
		if n := min(binary.LittleEndian.Uint16(d[7:]), largest); n > 0 && !slices.Contains(all, n) {
			all = append(all, n)
		}
	}
	return append(all, largest)
}

// descriptor reads the first descriptor of a type.
func (t *taker) descriptor(requestType uint8, kind, length uint16) ([]byte, error) {
	index := uint16(0)
	if requestType == fromInterface {
		index = uint16(t.Interface)
	}
	data := make([]byte, length)
	n, err := t.dev.Control(requestType, getDescriptor, kind<<8, index, data)
	switch {
	case err != nil:
		return nil, err
	case n == 0:
		return nil, errEmpty
	}
	return data[:n], nil
}
