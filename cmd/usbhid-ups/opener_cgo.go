//go:build cgo

package main

import "github.com/upscard/upscard/services/usb/libusb"

func newOpener() (opener, error) { return new(libusb.Opener), nil }
