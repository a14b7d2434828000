package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/upscard/upscard/services/driversock"
	"github.com/upscard/upscard/services/heartbeat"
	"github.com/upscard/upscard/services/ups"
	"github.com/upscard/upscard/services/usb"
	"github.com/upscard/upscard/services/usb/usbtest"
	"github.com/upscard/upscard/services/usbdriver"
)

var id = usb.ID{Vendor: 0x1209, Product: 1, Port: "1-1", Bus: 1, Address: 2, Serial: "A"}

// upsDescriptor describes a UPS (HID PDC 1.0, 4) with a charge, a status, a voltage in reports 1 to 3.
var upsDescriptor = []byte{
	0x05, 0x84, 0x09, 0x04, 0xa1, 0x01, // Power Device page, UPS, application collection
	0x09, 0x24, 0xa1, 0x00, // Power Summary
	0x85, 0x01, 0x05, 0x85, 0x09, 0x66, 0x15, 0x00, 0x25, 0x64, 0x75, 0x08, 0x95, 0x01, 0xb1, 0x82, // Remaining Capacity, 0 to 100
	0x85, 0x03, 0x05, 0x84, 0x09, 0x40, 0x26, 0xff, 0x00, 0xb1, 0x82, // Config Voltage, 0 to 255
	0x85, 0x02, 0x05, 0x84, 0x09, 0x02, 0xa1, 0x02, // Present Status
	0x05, 0x85, 0x09, 0xd0, 0x09, 0x45, 0x09, 0x44, 0x09, 0x42, // AC Present, Discharging, Charging, Below Remaining Capacity Limit
	0x25, 0x01, 0x75, 0x01, 0x95, 0x04, 0xb1, 0x82, 0x75, 0x04, 0x95, 0x01, 0xb1, 0x03,
	0xc0, 0xc0, 0xc0,
}

func newUPS() *usbtest.Device {
	d := usbtest.New(id, upsDescriptor)
	d.SetReport(usbtest.Feature, 1, 1, 100)
	d.SetReport(usbtest.Feature, 2, 2, 0x01)
	d.SetReport(usbtest.Feature, 3, 3, 230)
	return d
}

// newMouse is a HID device that is no UPS.
func newMouse() *usbtest.Device {
	return usbtest.New(id, []byte{0x05, 0x01, 0x09, 0x02, 0xa1, 0x01, 0x05, 0x09, 0x19, 0x01, 0x29, 0x03, 0x15, 0x00, 0x25, 0x01, 0x75, 0x01, 0x95, 0x03, 0x81, 0x02, 0xc0})
}

// bench is a machine with one USB device, and a directory where the driver runs.
type bench struct {
	t      *testing.T
	dir    string
	sysfs  *usbtest.Sysfs
	device *usbtest.Device
	parts  map[int]*usbtest.Device // by number, of a composite device
	events chan usb.Uevent

	mu     sync.Mutex
	resets int
	stderr bytes.Buffer
}

func newBench(t *testing.T, device *usbtest.Device) *bench {
	b := &bench{t: t, dir: t.TempDir(), sysfs: usbtest.NewSysfs(t), device: device, events: make(chan usb.Uevent)}
	b.sysfs.Plug(id, usbtest.HID)
	return b
}

func (b *bench) Next(ctx context.Context) (usb.Uevent, error) {
	select {
	case e := <-b.events:
		return e, nil
	case <-ctx.Done():
		return usb.Uevent{}, ctx.Err()
	}
}

func (b *bench) Open(_ usb.ID, number int) (usb.Device, error) {
	if part := b.parts[number]; part != nil {
		return part.Reopen(), nil
	}
	return b.device.Reopen(), nil
}

func (b *bench) Reset(usb.ID) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.resets++
	return nil
}

func (b *bench) Close() error { return nil }

func (b *bench) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.stderr.Write(p)
}

func (b *bench) logged() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.stderr.String()
}

// run runs the driver with the flags and returns its exit code.
func (b *bench) run(ctx context.Context, flags ...string) int {
	args := append([]string{"-run", b.dir, "-config", filepath.Join(b.dir, "upscard.toml")}, flags...)
	return run(ctx, args, b, machine{
		sysfs:  b.sysfs.Root,
		listen: func() (events, error) { return b, nil },
		opener: func() (opener, error) { return b, nil },
	})
}

// start runs the driver with the flags; stop ends it and returns its exit code.
func (b *bench) start(flags ...string) (stop func() int) {
	ctx, cancel := context.WithCancel(b.t.Context())
	ended := make(chan int, 1)
	go func() { ended <- b.run(ctx, flags...) }()
	return func() int {
		cancel()
		select {
		case code := <-ended:
			return code
		case <-time.After(deadline):
			b.t.Fatalf("the driver did not end\n%s", b.logged())
			return -1
		}
	}
}

// await follows the driver of the name until its data are as wanted.
func (b *bench) await(name string, want func(*ups.Snapshot) bool) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.t.Context(), 20*time.Second)
	defer cancel()
	store := ups.NewStore()
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	wg.Go(func() {
		_ = driversock.Follow(ctx, driversock.Path(b.dir, "usbhid-ups", name), store, driversock.FollowOptions{Logger: slog.New(slog.DiscardHandler)})
	})
	var last *ups.Snapshot
	for last == nil || !want(last) {
		next, err := store.Wait(ctx, last)
		if err != nil {
			b.t.Fatalf("%s is %v, %q\n%s", name, last.Freshness(), last.Value("ups.status"), b.logged())
		}
		last = next
	}
}

func online(s *ups.Snapshot) bool {
	return s.Freshness() == ups.Fresh && strings.HasPrefix(s.Value("ups.status"), "OL")
}

func stale(s *ups.Snapshot) bool { return s.Freshness() == ups.Stale }

func (b *bench) write(name, text string) {
	b.t.Helper()
	path := filepath.Join(b.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		b.t.Fatal(err)
	}
}

func TestHost(t *testing.T) {
	b := newBench(t, newUPS())
	stop := b.start()
	b.await("ups", online)
	b.device.Unplug()
	b.sysfs.Unplug(id.Port)
	b.await("ups", stale)
	b.device = newUPS()
	b.sysfs.Plug(id, usbtest.HID)
	b.events <- usb.Uevent{Action: "add", Path: "/devices/usb1/1-1/1-1:1.0", Vars: map[string]string{"SUBSYSTEM": "usb"}}
	b.await("ups", online)
	for _, test := range []struct {
		device *usbtest.Device
		code   int
		says   string
	}{
		{newUPS(), exitFailure, "another driver serves it"},
		{newMouse(), exitNotUPS, "this device is no UPS"},
	} {
		second := newBench(t, test.device)
		second.dir = b.dir
		if code := second.run(t.Context()); code != test.code || !strings.Contains(second.logged(), test.says) {
			t.Errorf("a second driver: %d, want %d\n%s", code, test.code, second.logged())
		}
	}
	b.await("ups", online)
	if code := stop(); code != exitAsked {
		t.Errorf("exit code %d\n%s", code, b.logged())
	}
	if w := b.device.Writes(); len(w) != 0 {
		t.Errorf("the driver wrote to the UPS: %v", w)
	}
}

// Whoever waits for the driver gets it also while no device is there.
func TestNoDevice(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	b.sysfs.Unplug(id.Port)
	stop := b.start()
	b.await("ups", stale)
	if code := stop(); code != exitAsked {
		t.Errorf("exit code %d\n%s", code, b.logged())
	}
}

func TestCard(t *testing.T) {
	b := newBench(t, newUPS())
	b.write("usb/roster", "1 1-4 1050:0407 other \"\"\n2 1-1 1209:0001 ups \"A\"\n")
	b.write("upscard.toml", "[ups.rack]\nproductid = '1'\n")
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	stop := b.start("-seat", "2", "-ready", dup(t, w))
	b.await("rack", online)
	told := make([]byte, len(heartbeat.Ready+heartbeat.Alive))
	if _, err := io.ReadFull(r, told); err != nil || !strings.Contains(string(told), heartbeat.Ready) || !strings.Contains(string(told), heartbeat.Alive) {
		t.Errorf("told ready with %q, %v", told, err)
	}
	for _, line := range []string{"device opened", "fields=", "first data", "ups=rack"} {
		if !strings.Contains(b.logged(), line) {
			t.Errorf("no %q in the log\n%s", line, b.logged())
		}
	}
	if code := stop(); code != exitAsked {
		t.Errorf("exit code %d\n%s", code, b.logged())
	}
}

// TestComposite serves the one interface of several that is a power device, found or named.
func TestComposite(t *testing.T) {
	for _, flags := range [][]string{nil, {"-interface", "3"}} {
		b := newBench(t, newUPS())
		b.sysfs.Plug(id, usbtest.Serial, usbtest.SerialData, usbtest.HID, usbtest.HID)
		b.device.SetInterface(3)
		b.parts = map[int]*usbtest.Device{2: newMouse(), 3: b.device}
		b.parts[2].SetInterface(2)
		stop := b.start(flags...)
		b.await("ups", online)
		if code := stop(); code != exitAsked {
			t.Errorf("exit code %d\n%s", code, b.logged())
		}
		if tried := len(b.parts[2].Transfers()) > 0; tried != (flags == nil) {
			t.Errorf("%v: the first HID interface was read: %v", flags, tried)
		}
	}
}

// TestRefused holds what ends the driver by itself.
func TestRefused(t *testing.T) {
	for _, test := range []struct {
		name   string
		device *usbtest.Device
		files  map[string]string
		flags  []string
		code   int
		says   string
	}{
		{"help", nil, nil, []string{"-h"}, exitAsked, "-allow-uid"},
		{"unknown flag", nil, nil, []string{"-x"}, 2, "-x"},
		{"argument", nil, nil, []string{"x"}, 2, `unexpected argument "x"`},
		{"bad port", nil, nil, []string{"-port", "usb1"}, 2, "want a USB port"},
		{"bad name", nil, nil, []string{"-ups", "my ups"}, 2, "want letters"},
		{"bad interval", nil, nil, []string{"-pollinterval", "0"}, 2, "whole seconds"},
		{"bad uid", nil, nil, []string{"-allow-uid", "root"}, 2, "want a number"},
		{"seat with port", nil, nil, []string{"-seat", "1", "-port", "1-1"}, 2, "too much"},
		{"no such seat", nil, nil, []string{"-seat", "1"}, exitFailure, "has no seat 1"},
		{"bad roster", nil, map[string]string{"usb/roster": "x\n"}, []string{"-seat", "1"}, exitFailure, "line 1"},
		{"bad configuration", nil, map[string]string{"upscard.toml": "x = 1\n"}, nil, exitFailure, `upscard.toml:1:1: unknown key "x"`},
		{"seat of no UPS", newMouse(), map[string]string{"usb/roster": "1 1-1 1209:0001 other \"A\"\n2 1-2 1209:0001 ups \"B\"\n"}, []string{"-seat", "1"},
			exitNotUPS, "ups=ups2"},
		{"no UPS", newMouse(), nil, nil, exitNotUPS, "this device is no UPS"},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := newBench(t, test.device)
			for name, text := range test.files {
				b.write(name, text)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			code := b.run(ctx, test.flags...)
			if code != test.code || !strings.Contains(b.logged(), test.says) {
				t.Errorf("exit code %d, want %d; want %q in\n%s", code, test.code, test.says, b.logged())
			}
		})
	}
}

func TestWithoutUSB(t *testing.T) {
	b := newBench(t, nil)
	broken := errors.New("no USB here")
	code := run(t.Context(), []string{"-run", b.dir}, b, machine{opener: func() (opener, error) { return nil, broken }})
	if code != exitFailure || !strings.Contains(b.logged(), broken.Error()) {
		t.Errorf("exit code %d\n%s", code, b.logged())
	}
}

// dup returns the number of a descriptor of f that the driver may close.
func dup(t *testing.T, f *os.File) string {
	t.Helper()
	defer f.Close()
	fd, err := unix.Dup(int(f.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	return strconv.Itoa(fd)
}

// TestIdentifier has a device that never tells what it is: that does not keep it from being served for good.
func TestIdentifier(t *testing.T) {
	garbled := usb.ID{Vendor: 0x051d, Product: 2, Serial: "\uffff", Port: "1-1"}
	d := usbtest.New(garbled, nil)
	ask := identifier(nil, 1)
	for range unsureTries - 1 {
		if err := ask(d); !errors.Is(err, usbdriver.ErrUnsure) {
			t.Fatalf("got %v", err)
		}
	}
	for range 2 {
		if err := ask(d); err != nil {
			t.Error(err)
		}
	}
	before := len(d.Transfers())
	if err := errors.Join(ask(d), identifier(nil, 0)(d)); err != nil || len(d.Transfers()) != before {
		t.Errorf("asked without need, %v", err)
	}
}
