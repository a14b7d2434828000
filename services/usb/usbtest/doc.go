// Package usbtest fakes USB devices for tests.
package usbtest
