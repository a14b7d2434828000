package usbhid

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/upscard/upscard/services/usb"
	"github.com/upscard/upscard/services/usb/usbtest"
)

func TestOpenNoPowerDevice(t *testing.T) {
	mouse := []byte{0x05, 1, 0x09, 2, 0xa1, 1, 0x05, 9, 0x19, 1, 0x29, 3, 0x15, 0, 0x25, 1, 0x75, 1, 0x95, 3, 0x81, 2, 0xc0}
	_, err := Open(t.Context(), usbtest.New(usb.ID{Vendor: 1, Product: 2, Port: "1-1"}, mouse), Options{})
	if !errors.Is(err, ErrNoPowerDevice) || !strings.Contains(err.Error(), "0001:0002 at port 1-1") {
		t.Errorf("got %v", err)
	}
}

func TestOpenWithoutHIDDescriptor(t *testing.T) {
	for name, descriptor := range map[string][]byte{
		"none": nil, "wrong length": {9, 0x21, 0, 1, 0, 1, 0x22, 1, 0}, "rubbish": {1, 2, 3},
	} {
		dev := newBench()
		dev.SetHIDDescriptor(descriptor)
		if _, err := Open(t.Context(), dev, Options{}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestOpenBroken opens UPSes whose report descriptor is cut off: the rest of it is used, and the log says where it is wrong.
func TestOpenBroken(t *testing.T) {
	for cut := 20; cut < len(benchDescriptor); cut++ {
		dev := usbtest.New(usb.ID{Port: "1-1"}, benchDescriptor[:cut])
		var log bytes.Buffer
		u, err := Open(t.Context(), dev, Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
		if !strings.Contains(log.String(), "byte ") {
			t.Errorf("cut at %d: log %q", cut, log.String())
		}
		if err != nil && !errors.Is(err, ErrNoPowerDevice) || err == nil && len(u.model.points) == 0 {
			t.Errorf("cut at %d: %v", cut, err)
		}
	}
}

func TestOpenFails(t *testing.T) {
	dev := newBench()
	dev.FailAll(usbtest.Stall)
	if _, err := Open(t.Context(), dev, Options{}); !errors.Is(err, usb.ErrStall) || errors.Is(err, ErrNoPowerDevice) {
		t.Errorf("stalled: %v", err)
	}
	dev.FailAll(nil)
	dev.Unplug()
	if _, err := Open(t.Context(), dev, Options{}); !errors.Is(err, usb.ErrGone) {
		t.Errorf("unplugged: %v", err)
	}
}

// TestOpenGarbled tells a device that is no UPS from one whose descriptor was read badly.
func TestOpenGarbled(t *testing.T) {
	for name, tt := range map[string]struct {
		descriptor []byte
		garbled    bool
	}{
		"no UPS":         {[]byte{0x05, 1, 0x09, 2, 0xa1, 1, 0x05, 9, 0x19, 1, 0x29, 3, 0x15, 0, 0x25, 1, 0x75, 1, 0x95, 3, 0x81, 2, 0xc0}, false},
		"no UPS, sloppy": {[]byte{0x05, 1, 0x09, 2, 0xa1, 1, 0x05, 9, 0x19, 1, 0x29, 3, 0x15, 0, 0x25, 1, 0x75, 1, 0x95, 3, 0x81, 2}, false},
		"ones, behind what every descriptor begins with": {append([]byte{0x05}, bytes.Repeat([]byte{0xff}, 64)...), true},
		"garbage": {[]byte{0xa5, 0xa5, 0xa5, 0xa5, 0xa5, 0xa5, 0xa5, 0xa5}, true},
		"ones":    {bytes.Repeat([]byte{0xff}, 64), true},
		"zeros":   {make([]byte, 64), true},
	} {
		var log bytes.Buffer
		_, err := Open(t.Context(), usbtest.New(usb.ID{Port: "1-1"}, tt.descriptor), Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
		if n := strings.Count(log.String(), "descriptor is wrong"); n > 1 || tt.garbled && n != 1 {
			t.Errorf("%s: logged %d times", name, n)
		}
		if !errors.Is(err, ErrNoPowerDevice) || errors.Is(err, ErrGarbled) != tt.garbled {
			t.Errorf("%s: %v", name, err)
		}
	}
}
