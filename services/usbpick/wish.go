// Package usbpick finds the one USB device that a person means.
package usbpick

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"strconv"

	"github.com/upscard/upscard/services/usb"
	"github.com/upscard/upscard/services/usb/usbfs"
)

// Wish is what a person has said of the device. The zero value is the only UPS there is.
type Wish struct {
	Port            string
	Vendor, Product string // in hexadecimal
	Serial          string
}

// Flags adds the options that a wish is made of, named like those of NUT's usbhid-ups.
func (w *Wish) Flags(fs *flag.FlagSet) {
	fs.StringVar(&w.Port, "port", "", "the device at this USB `port`, as 1-1.4; any HID device will do")
	fs.StringVar(&w.Vendor, "vendorid", "", "the device with this vendor `number`, as 051d")
	fs.StringVar(&w.Product, "productid", "", "the device with this product `number`, as 0002")
	fs.StringVar(&w.Serial, "serial", "", "the device with this `serial` number")
}

// Check tells what is wrong with the options.
func (w *Wish) Check() error {
	if w.Port != "" && !usb.ValidPort(w.Port) {
		return fmt.Errorf("-port %q: want a USB port, as 1-1.4", w.Port)
	}
	for name, value := range map[string]string{"vendorid": w.Vendor, "productid": w.Product} {
		if _, err := strconv.ParseUint(value, 16, 16); value != "" && err != nil {
			return fmt.Errorf("-%s %q: want a hexadecimal number, as 051d", name, value)
		}
	}
	return nil
}

func (w *Wish) matches(id usb.ID) bool {
	return (w.Port == "" || w.Port == id.Port) && (w.Serial == "" || w.Serial == id.Serial) && is(w.Vendor, id.Vendor) && is(w.Product, id.Product)
}

func is(want string, number uint16) bool {
	n, err := strconv.ParseUint(want, 16, 16)
	return want == "" || err == nil && uint16(n) == number
}

// Advise adds to the error of an attempt to read a device what a person can do about it.
func Advise(err error) error {
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
