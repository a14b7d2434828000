package usbtest

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"github.com/upscard/upscard/services/usb"
)

// Conform tests what holds for every usb.Device, fake or real. It only reads, and closes the device.
func Conform(t *testing.T, d usb.Device) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, usb.Device)
	}{
		{"HID descriptor", conformHID},
		{"report descriptor", conformReport},
		{"stall", conformStall},
		{"interrupt", conformInterrupt},
		{"closed while waiting", conformClose},
		{"closed", conformClosed},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, d) })
	}
}

func conformHID(t *testing.T, d usb.Device) {
	h := d.HIDDescriptor()
	if h == nil {
		t.Skip("the device has none")
	}
	if len(h) < 9 || int(h[0]) != len(h) || h[1] != descriptorHID {
		t.Errorf("got % x", h)
	}
}

func conformReport(t *testing.T, d usb.Device) {
	first, second := readDescriptor(t, d, make([]byte, 4096)), readDescriptor(t, d, make([]byte, 4096))
	if len(first) == 0 || !bytes.Equal(first, second) {
		t.Fatalf("got %d bytes, then %d, not the same", len(first), len(second))
	}
	if short := readDescriptor(t, d, make([]byte, 4)); !bytes.Equal(short, first[:4]) {
		t.Errorf("a short read gave % x of % x", short, first[:4])
	}
}

func conformStall(t *testing.T, d usb.Device) {
	const noSuchDescriptor = 0x2f << 8
	_, err := d.Control(0x81, 6, noSuchDescriptor, uint16(d.Interface()), make([]byte, 8))
	if !errors.Is(err, usb.ErrStall) {
		t.Errorf("an unknown descriptor: got %v", err)
	}
	if len(readDescriptor(t, d, make([]byte, 4))) != 4 {
		t.Error("the device stays stalled")
	}
}

// conformInterrupt cancels interrupt reads: before they begin, then while they wait, unless a packet comes.
func conformInterrupt(t *testing.T, d usb.Device) {
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := d.Interrupt(cancelled, make([]byte, 64)); !errors.Is(err, context.Canceled) && !errors.Is(err, usb.ErrNoInterrupt) {
		t.Errorf("cancelled: got %v", err)
	}
	short, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, err := d.Interrupt(short, make([]byte, 64))
	if err != nil && !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, usb.ErrNoInterrupt) {
		t.Errorf("not in time: got %v", err)
	}
}

// conformClose closes a device that is being read.
func conformClose(t *testing.T, d usb.Device) {
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			if _, err := d.Interrupt(t.Context(), make([]byte, 64)); err != nil {
				return
			}
		}
	}()
	for range 10 { // an interrupt read that waits does not keep control transfers
		readDescriptor(t, d, make([]byte, 4))
	}
	start := time.Now()
	if err := d.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	<-ended
	if took := time.Since(start); took > time.Second {
		t.Errorf("it took %v", took)
	}
}

// conformClosed tests a device that is closed: it stays so, and every call fails.
func conformClosed(t *testing.T, d usb.Device) {
	if err := d.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	if _, err := d.Control(0x81, 6, descriptorReport<<8, uint16(d.Interface()), make([]byte, 8)); err == nil {
		t.Error("Control works on a closed device")
	}
	if _, err := d.String(1); err == nil {
		t.Error("String works on a closed device")
	}
	if _, err := d.Interrupt(t.Context(), make([]byte, 64)); err == nil {
		t.Error("Interrupt works on a closed device")
	}
}

func readDescriptor(t *testing.T, d usb.Device, buffer []byte) []byte {
	t.Helper()
	n, err := d.Control(0x81, 6, descriptorReport<<8, uint16(d.Interface()), buffer)
	if err != nil {
		t.Fatal(err)
	}
	return buffer[:n]
}
