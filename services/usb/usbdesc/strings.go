package usbdesc

import (
	"encoding/binary"
	"fmt"
	"strings"
	"unicode/utf16"
)

// GetDescriptor is the request for a descriptor, FromDevice the request type for one of the device as a whole (USB 2.0, 9.4.3).
const (
	GetDescriptor = 0x06
	FromDevice    = 0x80
)

// usEnglish is what a device without a list of languages most likely has.
const usEnglish = 0x0409

// Strings reads string descriptors in the device's first language. Get may be called from one goroutine at a time.
type Strings struct {
	Control func(requestType, request uint8, value, index uint16, data []byte) (int, error)

	language uint16 // 0 until it was asked for
}

// Get returns the text of a string descriptor without blanks around it.
func (s *Strings) Get(index uint8) (string, error) {
	if s.language == 0 {
		s.language = usEnglish
		if list, err := s.ask(0, 0); err == nil && len(list) >= 4 {
			s.language = binary.LittleEndian.Uint16(list[2:])
		}
	}
	data, err := s.ask(index, s.language)
	if err != nil {
		return "", err
	}
	text, err := DecodeString(data)
	if err != nil {
		return "", fmt.Errorf("string %d: %w", index, err)
	}
	return text, nil
}

func (s *Strings) ask(index uint8, language uint16) ([]byte, error) {
	data := make([]byte, 255)
	n, err := s.Control(FromDevice, GetDescriptor, TypeString<<8|uint16(index), language, data)
	return data[:n], err
}

// DecodeString reads a string descriptor (USB 2.0, 9.6.7).
func DecodeString(data []byte) (string, error) {
	if len(data) < 2 || data[1] != TypeString || data[0] < 2 {
		return "", fmt.Errorf("string descriptor begins with % x", data[:min(len(data), 4)])
	}
	data = data[2:min(int(data[0]), len(data))]
	units := make([]uint16, len(data)/2)
	for i := range units {
		units[i] = uint16(data[2*i]) | uint16(data[2*i+1])<<8
	}
	return strings.Trim(string(utf16.Decode(units)), " \t\r\n\x00"), nil
}
