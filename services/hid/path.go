package hid

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// indexNode marks a path node that is no usage but the number of a collection, written "[n]".
const indexNode Usage = 0x00ff0000

// Path is a chain of collections that ends in a field's usage.
type Path []Usage

// Names are usages that a vendor adds to the Power Device Class.
type Names map[Usage]string

// Equal reports whether p and q are the same.
func (p Path) Equal(q Path) bool { return slices.Equal(p, q) }

func (p Path) String() string { return p.Format(nil) }

// Format writes the path as "UPS.PowerSummary.RemainingCapacity", with the vendor's names where they are given. A
// usage without a name is written in hexadecimal.
func (p Path) Format(names Names) string {
	parts := make([]string, len(p))
	for i, u := range p {
		if name, ok := names[u]; ok {
			parts[i] = name
			continue
		}
		parts[i] = u.String()
	}
	return strings.Join(parts, ".")
}

func (u Usage) String() string {
	switch {
	case u&0xffff0000 == indexNode:
		return fmt.Sprintf("[%d]", uint16(u))
	case u.Page() == PagePowerDevice && u&0xffff < 256 && powerDevice[u&0xff] != "":
		return powerDevice[u&0xff]
	case u.Page() == PageBatterySystem && u&0xffff < 256 && batterySystem[u&0xff] != "":
		return batterySystem[u&0xff]
	}
	return fmt.Sprintf("%08x", uint32(u))
}

// Number returns the number of a path node that is no usage but the number of a collection.
func (u Usage) Number() (int, bool) { return int(uint16(u)), u&0xffff0000 == indexNode }

// ParsePath is the inverse of Path.Format.
func ParsePath(s string, names Names) (Path, error) {
	parts := strings.Split(s, ".")
	path := make(Path, len(parts))
	for i, part := range parts {
		u, err := parseUsage(part, names)
		if err != nil {
			return nil, fmt.Errorf("path %q: %w", s, err)
		}
		path[i] = u
	}
	return path, nil
}

func parseUsage(s string, names Names) (Usage, error) {
	for u, name := range names {
		if name == s {
			return u, nil
		}
	}
	if i := slices.Index(powerDevice[:], s); i >= 0 && s != "" {
		return PagePowerDevice<<16 | Usage(i), nil
	}
	if i := slices.Index(batterySystem[:], s); i >= 0 && s != "" {
		return PageBatterySystem<<16 | Usage(i), nil
	}
	if digits, ok := strings.CutPrefix(s, "["); ok && strings.HasSuffix(digits, "]") {
		n, err := strconv.ParseUint(digits[:len(digits)-1], 10, 16)
		if err != nil {
			return 0, fmt.Errorf("collection number %q: not a number below 65536", s)
		}
		return indexNode | Usage(n), nil
	}
	n, err := strconv.ParseUint(s, 16, 32)
	if err != nil || len(s) != 8 {
		return 0, fmt.Errorf("unknown usage %q", s)
	}
	return Usage(n), nil
}
