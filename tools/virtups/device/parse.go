package device

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"strconv"

	"github.com/pelletier/go-toml/v2"

	"github.com/upscard/upscard/tools/virtups/hidasm"
)

// The schemas of a description. A capture is a record of a real device and may hold notes of any kind; an own device is strict
// and may give its report descriptor as text.
const (
	schemaCapture = "ups-hid-capture/1"
	schemaOwn     = "upscard-device/1"
)

// maxDescriptor is what Linux's and QEMU's control buffers can carry, in bytes.
const maxDescriptor = 4095

// file is the TOML form of both schemas.
type file struct {
	Schema           string            `toml:"schema"`
	VendorID         uint16            `toml:"vendor_id"`
	ProductID        uint16            `toml:"product_id"`
	Manufacturer     string            `toml:"manufacturer"`
	Product          string            `toml:"product"`
	Serial           string            `toml:"serial"`
	Release          string            `toml:"bcd_device"` // four digits
	HIDDescriptor    string            `toml:"hid_descriptor"`
	ReportDescriptor string            `toml:"report_descriptor"`
	Descriptor       string            `toml:"descriptor"` // for hidasm
	LowSpeed         bool              `toml:"low_speed"`
	MaxPacket        uint16            `toml:"max_packet"`
	Before           []companion       `toml:"before"`
	Strings          map[string]string `toml:"strings"`
	Reports          reports           `toml:"reports"`
	UPSC             map[string]any    `toml:"upsc"`
}

type reports struct {
	Feature map[string]string `toml:"feature"`
	Input   map[string]string `toml:"input"`
}

// Parse reads a description. Its errors name the key, and the line where TOML knows it.
func Parse(name string, data []byte) (*Description, error) {
	var f file
	if err := toml.Unmarshal(data, &f); err != nil {
		return nil, located(err)
	}
	switch f.Schema {
	case schemaCapture:
	case schemaOwn:
		if err := toml.NewDecoder(bytes.NewReader(data)).DisallowUnknownFields().Decode(&f); err != nil {
			return nil, located(err)
		}
	default:
		return nil, fmt.Errorf("schema is %q, neither %q nor %q", f.Schema, schemaCapture, schemaOwn)
	}
	d := &Description{
		Name: name, Vendor: f.VendorID, Product: f.ProductID,
		Manufacturer: f.Manufacturer, Model: f.Product, Serial: f.Serial, LowSpeed: f.LowSpeed, MaxPacket: f.MaxPacket,
		Chemistry: cmp.Or(text(f.UPSC["battery.type"]), "PbAc"),
		Strings:   map[uint8]string{}, Feature: map[uint8][]byte{}, Input: map[uint8][]byte{},
	}
	if err := d.fill(&f); err != nil {
		return nil, err
	}
	return d, nil
}

// fill decodes what the file holds as text.
func (d *Description) fill(f *file) error {
	if err := d.descriptors(f); err != nil {
		return err
	}
	if err := d.companions(f.Before); err != nil {
		return err
	}
	for _, set := range []struct {
		name string
		from map[string]string
		to   map[uint8][]byte
	}{{"reports.feature", f.Reports.Feature, d.Feature}, {"reports.input", f.Reports.Input, d.Input}} {
		for key, text := range set.from {
			id, err := strconv.ParseUint(key, 0, 8)
			if err != nil {
				return fmt.Errorf("%s: %q is no report id", set.name, key)
			}
			if set.to[uint8(id)], err = parseHex(text); err != nil {
				return fmt.Errorf("%s.%s: %w", set.name, key, err)
			}
		}
	}
	for key, text := range f.Strings {
		index, err := strconv.ParseUint(key, 0, 8)
		if err != nil || index == 0 {
			return fmt.Errorf("strings: %q is no string index from 1 to 255", key)
		}
		d.Strings[uint8(index)] = text
	}
	return nil
}

func (d *Description) descriptors(f *file) (err error) {
	if d.ReportDescriptor, err = parseHex(f.ReportDescriptor); err != nil {
		return fmt.Errorf("report_descriptor: %w", err)
	}
	if f.Descriptor != "" {
		if d.ReportDescriptor, err = hidasm.Assemble(f.Descriptor); err != nil {
			return fmt.Errorf("descriptor: %w", err)
		}
	}
	switch n := len(d.ReportDescriptor); {
	case n == 0:
		return errors.New("no report descriptor: a list of paths alone cannot be plugged in")
	case n > maxDescriptor:
		return fmt.Errorf("report descriptor has %d bytes, a USB stack carries at most %d", n, maxDescriptor)
	}
	if d.HIDDescriptor, err = parseHex(f.HIDDescriptor); err != nil {
		return fmt.Errorf("hid_descriptor: %w", err)
	}
	if f.Release != "" {
		release, err := strconv.ParseUint(f.Release, 16, 16)
		if err != nil {
			return fmt.Errorf("bcd_device: %q is not four hex digits", f.Release)
		}
		d.Release = uint16(release)
	}
	return nil
}
