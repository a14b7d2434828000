//go:build !cgo

package main

import "errors"

func newOpener() (opener, error) {
	return nil, errors.New("this program was built without cgo and has no access to USB: build it with CGO_ENABLED=1 and libusb")
}
