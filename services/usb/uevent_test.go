package usb_test

import (
	"context"
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/upscard/upscard/services/usb"
)

const addDevice = "add@/devices/platform/4010000000.pcie/usb1/1-1\x00ACTION=add\x00" +
	"DEVPATH=/devices/platform/4010000000.pcie/usb1/1-1\x00SUBSYSTEM=usb\x00DEVNAME=bus/usb/001/002\x00" +
	"DEVTYPE=usb_device\x00PRODUCT=51d/2/90\x00EMPTY=\x00SEQNUM=1234\x00"

func TestParseUevent(t *testing.T) {
	got, err := usb.ParseUevent([]byte(addDevice))
	if err != nil {
		t.Fatal(err)
	}
	path := "/devices/platform/4010000000.pcie/usb1/1-1"
	vars := map[string]string{"ACTION": "add", "DEVPATH": path, "SUBSYSTEM": "usb", "DEVNAME": "bus/usb/001/002",
		"DEVTYPE": "usb_device", "PRODUCT": "51d/2/90", "EMPTY": "", "SEQNUM": "1234"}
	if got.Action != "add" || got.Path != path || !maps.Equal(got.Vars, vars) {
		t.Errorf("got %+v", got)
	}
	if !got.USB() || !got.Device() || got.Port() != "1-1" {
		t.Errorf("USB %v, Device %v, Port %q", got.USB(), got.Device(), got.Port())
	}
}

func TestUeventPort(t *testing.T) {
	for datagram, want := range map[string]string{
		"add@/devices/usb1/1-1/1-1.2/1-1.2:1.0\x00SUBSYSTEM=usb\x00DEVTYPE=usb_interface\x00": "1-1.2",
		"remove@/devices/usb1/1-1\x00SUBSYSTEM=usb\x00":                                       "1-1",
		"add@/devices/usb1\x00SUBSYSTEM=usb\x00":                                              "",
		"add@/devices/usb1/1-1\x00SUBSYSTEM=net\x00":                                          "",
		"add@/class/net/eth0\x00SUBSYSTEM=net\x00":                                            "",
	} {
		e, err := usb.ParseUevent([]byte(datagram))
		if err != nil || e.Port() != want {
			t.Errorf("%q: got %q, %v", datagram, e.Port(), err)
		}
	}
}

func TestParseUeventErrors(t *testing.T) {
	for _, datagram := range []string{
		"", "\x00", "add", "add@/x", "@/x\x00", "add@x\x00", "libudev\x00\xfe\xed\xca\xfe", "add@/x\x00junk\x00", "add@/x\x00=junk\x00",
		"add@/x\x00A=" + strings.Repeat("x", usb.MaxUevent),
	} {
		if e, err := usb.ParseUevent([]byte(datagram)); err == nil {
			t.Errorf("%.40q: got %+v", datagram, e)
		}
	}
}

func FuzzParseUevent(f *testing.F) {
	f.Add([]byte(addDevice))
	f.Add([]byte("remove@/devices/usb1/1-1:1.0\x00SUBSYSTEM=usb\x00\x00"))
	f.Add([]byte("libudev\x00\xfe\xed\xca\xfe"))
	f.Fuzz(func(t *testing.T, datagram []byte) {
		e, err := usb.ParseUevent(datagram)
		if err != nil {
			return
		}
		if e.Action == "" || !strings.HasPrefix(e.Path, "/") {
			t.Errorf("accepted %+v", e)
		}
		if port := e.Port(); port != "" && !usb.ValidPort(port) {
			t.Errorf("port %q of %+v", port, e)
		}
	})
}

func TestListenCancel(t *testing.T) {
	events, err := usb.Listen()
	if err != nil {
		t.Skipf("no uevents here: %v", err)
	}
	defer events.Close()
	ctx, cancel := context.WithCancelCause(t.Context())
	failed := make(chan error, 1)
	go func() {
		for {
			if _, err := events.Next(ctx); err != nil && !errors.Is(err, usb.ErrLost) {
				failed <- err
				return
			}
		}
	}()
	cancel(nil)
	select {
	case err := <-failed:
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("Next did not return")
	}
}
