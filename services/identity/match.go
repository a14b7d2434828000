package identity

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/upscard/upscard/services/config"
	"github.com/upscard/upscard/services/usb"
)

// Matcher returns what tells whether a device is as the entry's bindings say. An entry without bindings matches every device.
func Matcher(e config.UPS) func(usb.Seat) bool {
	bindings := []struct {
		expression string
		of         func(usb.Seat) string
	}{
		{e.VendorID, func(s usb.Seat) string { return fmt.Sprintf("%04x", s.Vendor) }},
		{e.ProductID, func(s usb.Seat) string { return fmt.Sprintf("%04x", s.Product) }},
		{e.Vendor, func(s usb.Seat) string { return s.Manufacturer }},
		{e.Product, func(s usb.Seat) string { return s.ProductName }},
		{e.Serial, func(s usb.Seat) string { return s.Serial }},
		{e.Bus, func(s usb.Seat) string { bus, _ := numbers(s.Port); return bus }},
		{e.BusPort, func(s usb.Seat) string { _, port := numbers(s.Port); return port }},
	}
	patterns := make([]*regexp.Regexp, len(bindings))
	for i, b := range bindings {
		if b.expression == "" {
			continue
		}
		re, err := config.Pattern(b.expression)
		if err != nil { // no file can say so
			return func(usb.Seat) bool { return false }
		}
		patterns[i] = re
	}
	return func(s usb.Seat) bool {
		for i, b := range bindings {
			if patterns[i] != nil && !patterns[i].MatchString(strings.TrimSpace(b.of(s))) {
				return false
			}
		}
		return e.Port == "" || e.Port == s.Port
	}
}

// numbers are the bus and the last port of a port path, as NUT writes them: three digits.
func numbers(path string) (bus, port string) {
	bus, ports, _ := strings.Cut(path, "-")
	return padded(bus), padded(ports[strings.LastIndexByte(ports, '.')+1:])
}

func padded(number string) string {
	n, err := strconv.Atoi(number)
	if err != nil {
		return ""
	}
	return fmt.Sprintf("%03d", n)
}
