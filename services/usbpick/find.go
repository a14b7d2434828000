package usbpick

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/upscard/upscard/services/hid"
	"github.com/upscard/upscard/services/usb"
)

// patience is for devices that the kernel is busy with: whoever asks waits.
const patience = 3 * time.Second

// Find returns the only device that is as wished, any HID device but keyboards and mice; without a wish, the only one that may be a
// UPS. Where there is none or are several, the error lists what there is.
func Find(sysfs string, w Wish) (usb.ID, error) {
	attached, err := (&usb.Scanner{Root: sysfs, Patience: patience}).Scan()
	if err != nil && (len(attached) == 0 || !errors.Is(err, usb.ErrBusy)) {
		return usb.ID{}, err
	}
	var all, found []usb.ID
	for _, a := range attached {
		all = append(all, a.ID)
		if w.matches(a.ID) && (w != Wish{} || !isOther(sysfs, a.ID.Port)) {
			found = append(found, a.ID)
		}
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		return usb.ID{}, errors.New("several devices may be meant" + list(": choose with -port", found))
	case w != Wish{}:
		return usb.ID{}, errors.New("no HID device on this machine's USB is as wished" + list("; there are", all))
	}
	return usb.ID{}, errors.New("no UPS is attached to this machine's USB" + list("; -port takes one of these all the same", all))
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
