// Package libusb opens USB devices through gousb.
package libusb
