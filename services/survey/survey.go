// Package survey reads everything that a HID device says of itself.
package survey

import (
	"context"
	"errors"
	"fmt"

	"github.com/upscard/upscard/services/hid"
	"github.com/upscard/upscard/services/usb"
)

// Survey is what a device said.
type Survey struct {
	ID        usb.ID
	Interface uint8 // number of the HID interface

	// Descriptors as GET_DESCRIPTOR returns them, nil where it is refused.
	Device, Configuration []byte

	HID      []byte // HID descriptor as the configuration holds it, or nil
	AskedHID []byte // as GET_DESCRIPTOR returns it, or nil
	Report   []byte // report descriptor

	Parsed   *hid.Descriptor
	Problems []hid.Problem // of the report descriptor

	Feature map[uint8][]byte // answers to GET_REPORT(Feature) by report id, the id byte first where the device numbers reports
	Strings map[uint8]string // string descriptors that some descriptor or report names, by index
	Missing []Missing        // in the order in which it was asked for
}

// Missing is something that could not be read, or was not asked for.
type Missing struct {
	What string // "Feature 0x12", "string 4"
	Err  error
}

// Take reads the device, and tells progress, which may be nil, of each report. All of its requests are for reading (GET_DESCRIPTOR, GET_REPORT).
// It fails when the report descriptor cannot be read, the device goes or ctx ends; whatever else cannot be read is missing.
func Take(ctx context.Context, dev usb.Device, progress func(done, total int)) (*Survey, error) {
	s := &Survey{ID: dev.ID(), Interface: dev.Interface(), HID: dev.HIDDescriptor(), Feature: map[uint8][]byte{}, Strings: map[uint8]string{}}
	t := taker{Survey: s, ctx: ctx, dev: dev}
	if err := t.descriptors(); err != nil {
		return nil, fmt.Errorf("%v: report descriptor: %w", s.ID, err)
	}
	s.Parsed, s.Problems = hid.Parse(s.Report)
	if progress == nil {
		progress = func(int, int) {}
	}
	if err := t.reports(progress); err != nil {
		return nil, fmt.Errorf("%v: %w", s.ID, err)
	}
	if err := t.strings(); err != nil {
		return nil, fmt.Errorf("%v: %w", s.ID, err)
	}
	return s, nil
}

// IsPower reports whether the device is a UPS or a battery.
func (s *Survey) IsPower() bool {
	return s.Parsed.Has(hid.PagePowerDevice) || s.Parsed.Has(hid.PageBatterySystem)
}

// Text is the string whose index the field holds. It reports false where the field's value is no index or names no string.
func (s *Survey) Text(f *hid.Field) (string, bool) {
	index, ok := s.index(f)
	if !ok {
		return "", false
	}
	text, ok := s.Strings[index]
	return text, ok
}

// taker is a survey under way.
type taker struct {
	*Survey
	ctx context.Context
	dev usb.Device
}

// miss notes what could not be read. It returns an error where nothing more can be.
func (t *taker) miss(what string, err error) error {
	if errors.Is(err, usb.ErrGone) {
		return fmt.Errorf("%s: %w", what, err)
	}
	t.Missing = append(t.Missing, Missing{what, err})
	return nil
}
