package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/upscard/upscard/services/hid"
	"github.com/upscard/upscard/services/usb"
	"github.com/upscard/upscard/services/usb/usbfs"
)

// find returns the device at the port or, if that is "", the only one that may be a UPS.
func find(sysfs, port string) (usb.ID, error) {
	attached, err := usb.Scan(sysfs)
	if err != nil {
		return usb.ID{}, err
	}
	var likely, others []usb.ID
	for _, a := range attached {
		switch {
		case port != "" && a.ID.Port == port:
			return a.ID, nil
		case isOther(sysfs, a.ID.Port):
			others = append(others, a.ID)
		default:
			likely = append(likely, a.ID)
		}
	}
	switch {
	case port != "":
		return usb.ID{}, fmt.Errorf("no HID device is at USB port %s%s", port, list("; there are", append(likely, others...)))
	case len(likely) == 1:
		return likely[0], nil
	case len(likely) > 1:
		return usb.ID{}, errors.New("several devices may be the UPS" + list(": choose with -port", likely))
	case len(others) > 0:
		return usb.ID{}, errors.New("no UPS is attached to this machine's USB" + list("; -port records one of these all the same", others))
	}
	return usb.ID{}, errors.New("no UPS is attached to this machine's USB")
}

// isOther reports whether the kernel's own driver has found the device to be something else than a UPS. Without that driver it is not
// known.
func isOther(sysfs, port string) bool {
	files, _ := filepath.Glob(filepath.Join(sysfs, "bus/usb/devices", port, port+":*", "*", "report_descriptor"))
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			return false
		}
		if d, _ := hid.Parse(data); d.Has(hid.PagePowerDevice) || d.Has(hid.PageBatterySystem) {
			return false
		}
	}
	return len(files) > 0
}

// list is the devices, each with the option that chooses it.
func list(head string, ids []usb.ID) string {
	if len(ids) == 0 {
		return ""
	}
	lines := []string{head}
	for _, id := range ids {
		words := []string{fmt.Sprintf("  -port %-8s %04x:%04x", id.Port, id.Vendor, id.Product)}
		for _, s := range []string{id.Manufacturer, id.ProductName} {
			if s != "" {
				words = append(words, s)
			}
		}
		if id.Serial != "" {
			words = append(words, "serial "+id.Serial)
		}
		lines = append(lines, strings.Join(words, " "))
	}
	return strings.Join(lines, "\n")
}

// advise adds to an error what can be done about it.
func advise(err error) error {
	switch {
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%w: run it as root (sudo)", err)
	case errors.Is(err, usbfs.ErrInUse):
		return fmt.Errorf("%w: stop its driver, or take the UPS for the time with -take", err)
	case errors.Is(err, usb.ErrGone):
		return fmt.Errorf("%w: was it unplugged, or did another program take it?", err)
	}
	return err
}
