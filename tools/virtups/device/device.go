// Package device loads descriptions of USB UPSes.
package device

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Description is one UPS as it is when it is plugged in.
type Description struct {
	Name                        string // what the description is called, for people
	Vendor, Product, Release    uint16
	Manufacturer, Model, Serial string
	ReportDescriptor            []byte
	HIDDescriptor               []byte           // nil where unknown
	Strings                     map[uint8]string // string descriptors beyond those three, by index
	Feature, Input              map[uint8][]byte // reports with the id byte first, by id; without ids the key is 0
	LowSpeed                    bool
	MaxPacket                   uint16      // of the interrupt-IN endpoint in bytes, 0 for one that holds any report
	Before                      []Companion // interfaces of a composite device before the UPS's own
	Chemistry                   string      // what a battery chemistry's string says
}

// Load reads a description from a file.
func Load(path string) (*Description, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	d, err := Parse(strings.TrimSuffix(filepath.Base(path), ".toml"), text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return d, nil
}
